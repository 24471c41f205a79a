"""Keep how far the bills of each utility account reach, and index what is summed up."""

import django.db.models.deletion
from django.db import migrations, models


def keep_accounts(apps, schema_editor):
    """Make a row for each account; each may lack a bill from its first month on, until it is kept.

    The next bill of an account tells better, and until then its bills are looked at.
    """
    account = apps.get_model("billing", "UtilityAccount")
    bills = apps.get_model("billing", "UtilityBill").objects.filter(voided_at=None).order_by()
    keys = bills.values_list("property_id", "utility", "account_number")
    reach = keys.annotate(models.Min("period_start"), models.Max("period_end"))
    account.objects.bulk_create(
        (
            account(
                property_id=place,
                utility=utility,
                account_number=number,
                unbilled_from=first.replace(day=1),
                billed_until=until,
            )
            for place, utility, number, first, until in reach.iterator(chunk_size=1_000)
        ),
        batch_size=1_000,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0005_owner_shares"),
        ("integrations", "0004_webhooks_that_leave"),
        ("portfolios", "0004_keys_notices_and_addresses"),
    ]

    operations = [
        migrations.CreateModel(
            name="UtilityAccount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "property",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="utility_accounts",
                        to="portfolios.property",
                    ),
                ),
                (
                    "utility",
                    models.CharField(
                        choices=[
                            ("electric", "Electricity"),
                            ("gas", "Gas"),
                            ("water", "Water"),
                            ("sewer", "Sewer"),
                            ("trash", "Trash"),
                            ("internet", "Internet"),
                        ],
                        max_length=20,
                    ),
                ),
                ("account_number", models.CharField(blank=True, max_length=60)),
                ("unbilled_from", models.DateField(blank=True, null=True)),
                ("billed_until", models.DateField(blank=True, null=True)),
            ],
            options={
                "ordering": ["property", "utility", "account_number"],
            },
        ),
        migrations.RemoveIndex(
            model_name="posting",
            name="posting_failed",
        ),
        migrations.AlterField(
            model_name="posting",
            name="job",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="postings",
                to="billing.postingjob",
            ),
        ),
        migrations.AddIndex(
            model_name="posting",
            index=models.Index(
                fields=["job", "state", "amount_cents", "reversed_at", "resolved_at"],
                name="posting_of_job",
            ),
        ),
        migrations.AddIndex(
            model_name="posting",
            index=models.Index(
                condition=models.Q(
                    ("resolved_at__isnull", True), ("state__in", ["rejected", "review"])
                ),
                fields=["error_code", "job", "amount_cents", "state", "state_at", "resolved_at"],
                name="posting_failed",
            ),
        ),
        migrations.AddConstraint(
            model_name="utilityaccount",
            constraint=models.UniqueConstraint(
                fields=("property", "utility", "account_number"), name="account_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="utilityaccount",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("utility__in", ["electric", "gas", "water", "sewer", "trash", "internet"])
                ),
                name="account_utility_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="utilityaccount",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("billed_until__isnull", True), ("unbilled_from__isnull", True)),
                    models.Q(("billed_until__isnull", False), ("unbilled_from__isnull", False)),
                    _connector="OR",
                ),
                name="account_days_go_together",
            ),
        ),
        migrations.AddConstraint(
            model_name="utilityaccount",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("unbilled_from__isnull", True), ("unbilled_from__day", 1), _connector="OR"
                ),
                name="account_unbilled_from_a_first",
            ),
        ),
        migrations.RemoveIndex(model_name="posting", name="posting_due"),
        migrations.AddIndex(
            model_name="posting",
            index=models.Index(
                condition=models.Q(("state", "pending")),
                fields=["connection", "not_before", "id", "job", "state"],
                name="posting_due",
            ),
        ),
        migrations.RunPython(keep_accounts, migrations.RunPython.noop),
    ]
