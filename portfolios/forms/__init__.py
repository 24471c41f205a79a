"""What people type about portfolios, units and keys."""

from portfolios.forms.api_keys import ApiKeyForm
from portfolios.forms.portfolios import NAME_IS_TAKEN, PortfolioForm
from portfolios.forms.unit_imports import ConfirmImportForm, UnitFileForm
from portfolios.forms.unit_table import UnitRowForm, UnitTable
from portfolios.forms.unit_values import UnitValuesForm, write_value
from portfolios.forms.utilities import UtilityChoiceForm

__all__ = [
    "NAME_IS_TAKEN",
    "ApiKeyForm",
    "ConfirmImportForm",
    "PortfolioForm",
    "UnitFileForm",
    "UnitRowForm",
    "UnitTable",
    "UnitValuesForm",
    "UtilityChoiceForm",
    "write_value",
]
