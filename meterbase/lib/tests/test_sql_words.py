from __future__ import annotations

import pytest

from billing.models import Posting, PostingState
from meterbase.lib.sql_words import words


def test_words_stand_in_the_query_themselves():
    query = Posting.objects.filter(state__in=words([PostingState.REVIEW])).query

    assert query.sql_with_params()[1] == ()
    assert "IN ('review')" in str(query)


@pytest.mark.parametrize("text", ["", "it's", "a b", "x');--", "Ab", "9"])
def test_nothing_but_a_word_is_written_into_a_query(text):
    with pytest.raises(ValueError, match="no word"):
        str(Posting.objects.filter(state__in=words([text])).query)
