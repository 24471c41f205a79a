"""A records pack: everything that stands behind a calculation, or behind a resident's charges."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.template.loader import render_to_string

from billing.models import (
    BillDocument,
    Calculation,
    CalculationState,
    Charge,
    Posting,
    PreparedFile,
    Statement,
    StatementCharge,
)
from billing.records import tables
from billing.statements.archive import Archive, safe_name
from billing.statements.files import Made, Step, add_bills, bill_path, statement_path
from billing.statements.kept import statement_pdf
from billing.words import billing_month, natural_order
from portfolios.models import Lease

Json = dict[str, Any]

_STYLE = """body { font: 14px/1.5 sans-serif; margin: 2rem auto; max-width: 60rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid #bbb; padding: 0.25rem 0.75rem 0.25rem 0; text-align: left; }
.money { text-align: right; }
tfoot th, tfoot td { border-bottom: 0; font-weight: bold; }
@media print { a { color: #000; text-decoration: none; } tr { break-inside: avoid; } }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One calculation of a pack, with the charges that the pack is about.

    Shape: `folder` is where its files are; `whole` tells that it is about all residents.
    Units: cents.
    """

    calculation: Calculation
    month: str
    folder: str
    charges: tuple[Charge, ...]
    document: BillDocument | None
    whole: bool

    @property
    def total_cents(self) -> int:
        """Add up the charges.

        Units: cents.
        """
        return sum(charge.amount_cents for charge in self.charges)

    @property
    def counts(self) -> bool:
        """Tell whether its charges are part of the sum; what was replaced is told of beside it."""
        return self.whole or self.calculation.state == CalculationState.APPROVED


def make_calculation_records(file: PreparedFile, path: Path, *, step: Step) -> Made:
    """Gather everything about one calculation.

    Errors: NotTheSame; what `step` raises.
    """
    calculation = file.calculation
    if calculation is None:
        raise ValueError("A records pack of a calculation is about a calculation.")
    charges = list(calculation.charges.select_related("lease"))
    part = _part(calculation, charges, whole=True)
    title = f"Records of {calculation.bill.property}, {part.month}, {part.folder}"
    return _make(file, path, [part], title=title, step=step)


def make_lease_records(file: PreparedFile, path: Path, *, step: Step) -> Made:
    """Gather everything about one resident's charges, and nothing about other residents.

    Shape: of calculations that were replaced or voided, what reached the resident all the same.
    Errors: NotTheSame; what `step` raises.
    """
    lease = file.lease
    if lease is None:
        raise ValueError("A records pack of a resident is about a lease.")
    charges = _charges_of(lease)
    by_calculation: dict[int, list[Charge]] = {}
    for charge in charges.select_related("lease").order_by("pk"):
        by_calculation.setdefault(charge.calculation_id, []).append(charge)
    calculations = Calculation.objects.filter(pk__in=by_calculation).select_related(
        "bill__property", "bill__voided_by", "prepared_by", "submitted_by", "share_rule"
    )
    parts = [
        _part(calculation, by_calculation[calculation.pk], whole=False)
        for calculation in calculations.order_by("bill__period_start", "pk")
    ]
    who = lease.resident_name or str(lease)
    title = f"Records of {who}, unit {lease.unit}, {file.property}"
    return _make(file, path, parts, title=title, step=step)


def _charges_of(lease: Lease) -> QuerySet[Charge]:
    """Select what was approved, and what the PMS or a statement has told of."""
    sent = Posting.objects.filter(charge=OuterRef("pk"), job__post_to_pms=True)
    told = StatementCharge.objects.filter(charge=OuterRef("pk"))
    approved = Q(calculation__state=CalculationState.APPROVED)
    return Charge.objects.filter(approved | Exists(sent) | Exists(told), lease=lease)


def _part(calculation: Calculation, charges: list[Charge], *, whole: bool) -> Part:
    bill = calculation.bill
    ordered = sorted(charges, key=lambda each: (natural_order(each.unit_label), each.pk))
    return Part(
        calculation=calculation,
        month=billing_month(bill),
        folder=f"{bill.period_start:%Y-%m-%d}-{bill.utility}-calculation-{calculation.pk}",
        charges=tuple(ordered),
        document=BillDocument.objects.filter(bill=bill).select_related("bill").first(),
        whole=whole,
    )


def _make(file: PreparedFile, path: Path, parts: list[Part], *, title: str, step: Step) -> Made:
    statements = _statements(parts)
    with Archive(path) as archive:
        told = []
        for number, part in enumerate(parts):
            told.append((part, _add_part(archive, part)))
            step(number, len(parts) + len(statements))
        add_bills(archive, [part.document for part in parts if part.document])
        for number, statement in enumerate(statements, start=len(parts) + 1):
            archive.add(statement_path(statement), statement_pdf(statement))
            step(number, len(parts) + len(statements))
        archive.add_table("statements.csv", tables.statement_table(statements))
        index = _index(file, told, statements, title)
        archive.add("index.json", _json(_figures(file, parts, title)))
        archive.add("index.html", index)
        archive.add("style.css", _STYLE)
    name = f"{safe_name(title)}.zip"
    return Made(path, name, "application/zip")


def _statements(parts: Sequence[Part]) -> QuerySet[Statement]:
    charges = [charge.pk for part in parts for charge in part.charges]
    told = Statement.objects.filter(lines__charge__in=charges)
    return told.distinct().order_by("pk")


def _add_part(archive: Archive, part: Part) -> list[tuple[str, str]]:
    """Add the files of a calculation, and list them for the index."""
    calculation, charges = part.calculation, part.charges
    postings = Posting.objects.filter(charge__in=[charge.pk for charge in charges])
    written = [
        ("The bill as it was entered", "bill.json", _bill(part)),
        ("What went into the calculation, as frozen", "inputs.json", _inputs(part)),
        ("The calculation, step by step", "explanations.json", _explanations(part)),
    ]
    listed = [
        ("Charges", "charges.csv", tables.charge_table(calculation, charges)),
        ("Versions of the share rule", "rule-versions.csv", tables.rule_table(calculation)),
        ("Approvals", "approvals.csv", tables.approval_table(calculation)),
        ("Postings", "postings.csv", tables.posting_table(postings)),
        ("Calls to the PMS", "calls.csv", tables.attempt_table(postings)),
        ("Moves of postings", "moves.csv", tables.event_table(postings)),
        ("Reversals", "reversals.csv", tables.reversal_table(postings)),
        ("Audit trail", "audit.csv", tables.audit_table(calculation, charges)),
    ]
    for _, name, content in written:
        archive.add(f"{part.folder}/{name}", _json(content))
    for _, name, table in listed:
        archive.add_table(f"{part.folder}/{name}", table)
    names = [(title, name) for title, name, _ in (*written, *listed)]
    files = [(title, f"{part.folder}/{name}") for title, name in names]
    if part.document:
        files.insert(0, ("The utility's own bill", bill_path(part.document)))
    return files


def _bill(part: Part) -> Json:
    bill = part.calculation.bill
    return {
        "property": bill.property.name,
        "utility": bill.utility,
        "account": bill.account_number,
        "from": bill.period_start.isoformat(),
        "up_to_and_without": bill.period_end.isoformat(),
        "amount_cents": bill.amount_cents,
        "voided_at": bill.voided_at.isoformat() if bill.voided_at else None,
        "voided_by": str(bill.voided_by) if bill.voided_by else None,
        "voided_because": bill.voided_because,
        "document": part.document.name if part.document else None,
        "document_sha256": part.document.sha256 if part.document else None,
    }


def _inputs(part: Part) -> Json:
    """Give what was frozen; for one resident, of the units only the resident's own stay."""
    calculation = part.calculation
    frozen: Json = dict(calculation.inputs)
    if not part.whole:
        frozen["units"] = [own for unit in frozen["units"] if (own := _own_unit(unit, part))]
    return {
        "digest_of_all": calculation.inputs_digest,
        "engine_version": calculation.engine_version,
        "rule_version": calculation.share_rule.version,
        "inputs": frozen,
        # They may name other residents' units.
        "findings": calculation.findings if part.whole else [],
    }


def _own_unit(unit: Json, part: Part) -> Json | None:
    leases = {
        charge.propexo_lease_id for charge in part.charges if charge.propexo_unit_id == unit["key"]
    }
    stays = [stay for stay in unit["stays"] if stay["lease_key"] in leases]
    return {**unit, "stays": stays} if leases else None


def _explanations(part: Part) -> Json:
    made = part.calculation
    return {
        "bill_cents": made.bill_cents,
        "residents_cents": made.tenants_cents,
        "owner_cents": made.owner_cents,
        "basis": made.result["basis"],
        "charges": [
            {
                "charge": charge.pk,
                "kind": charge.kind,
                "amount_cents": charge.amount_cents,
                "explanation": charge.explanation,
            }
            for charge in part.charges
        ],
    }


def _figures(file: PreparedFile, parts: list[Part], title: str) -> Json:
    return {
        "title": title,
        "asked_for_at": file.requested_at.isoformat(),
        "asked_for_by": str(file.requested_by),
        "calculations": [
            {
                "calculation": part.calculation.pk,
                "state": part.calculation.state,
                "bill_is_voided": part.calculation.bill.voided_at is not None,
                "folder": part.folder,
                "charges": len(part.charges),
                "total_cents": part.total_cents,
            }
            for part in parts
        ],
        "total_cents": _total(parts),
    }


def _index(
    file: PreparedFile,
    told: list[tuple[Part, list[tuple[str, str]]]],
    statements: QuerySet[Statement],
    title: str,
) -> str:
    return render_to_string(
        "billing/records_index.html",
        {
            "title": title,
            "file": file,
            "told": told,
            "statements": [(each, statement_path(each)) for each in statements],
            "total_cents": _total([part for part, _ in told]),
            "is_all": all(part.counts for part, _ in told),
        },
    )


def _total(parts: Sequence[Part]) -> int:
    return sum(part.total_cents for part in parts if part.counts)


def _json(content: Json) -> str:
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
