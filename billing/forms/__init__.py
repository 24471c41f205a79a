"""The forms of billing: every wrong value is answered by a sentence about its field."""

from billing.forms.bills import BillForm
from billing.forms.charge_codes import (
    ChargeCodeForm,
    MappingForm,
    NewChargeCodeForm,
    UsualCodesForm,
)
from billing.forms.decisions import (
    LinkForm,
    RejectionForm,
    ResendForm,
    ResolutionForm,
)
from billing.forms.places import PlaceFactsForm, SetAsideForm
from billing.forms.posting_orders import DuplicateForm, PostingOrderForm
from billing.forms.share_rules import ShareRuleForm
from billing.forms.unit_terms import UnitTermsForm

__all__ = [
    "BillForm",
    "ChargeCodeForm",
    "DuplicateForm",
    "LinkForm",
    "MappingForm",
    "NewChargeCodeForm",
    "PlaceFactsForm",
    "PostingOrderForm",
    "RejectionForm",
    "ResendForm",
    "ResolutionForm",
    "SetAsideForm",
    "ShareRuleForm",
    "UnitTermsForm",
    "UsualCodesForm",
]
