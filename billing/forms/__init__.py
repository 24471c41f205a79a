"""The forms of billing: every wrong value is answered by a sentence about its field."""

from billing.forms.bills import BillForm
from billing.forms.decisions import LinkForm, PostingOrderForm, RejectionForm, ResolutionForm
from billing.forms.share_rules import ShareRuleForm

__all__ = [
    "BillForm",
    "LinkForm",
    "PostingOrderForm",
    "RejectionForm",
    "ResolutionForm",
    "ShareRuleForm",
]
