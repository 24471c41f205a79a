"""The forms of billing: every wrong value is answered by a sentence about its field."""

from billing.forms.bills import BillForm
from billing.forms.decisions import LinkForm, PostingOrderForm, RejectionForm, ResolutionForm
from billing.forms.places import PlaceFactsForm, SetAsideForm
from billing.forms.share_rules import ShareRuleForm
from billing.forms.unit_terms import UnitTermsForm

__all__ = [
    "BillForm",
    "LinkForm",
    "PlaceFactsForm",
    "PostingOrderForm",
    "RejectionForm",
    "ResolutionForm",
    "SetAsideForm",
    "ShareRuleForm",
    "UnitTermsForm",
]
