"""Write the owner's shares of earlier calculations into their own table."""

from django.db import migrations


def write_shares(apps, schema_editor):
    """Add up the owner's lines of each calculation by reason."""
    share = apps.get_model("billing", "OwnerShare")
    calculations = apps.get_model("billing", "Calculation").objects
    rows = calculations.values_list("pk", "result__owner")
    for pk, lines in rows.iterator(chunk_size=100):
        sums = {}
        for line in lines or ():
            sums[line["bucket"]] = sums.get(line["bucket"], 0) + line["cents"]
        share.objects.bulk_create(
            share(calculation_id=pk, bucket=bucket, amount_cents=cents)
            for bucket, cents in sums.items()
            if cents
        )


class Migration(migrations.Migration):
    dependencies = [("billing", "0004_statements_and_voided_bills")]

    operations = [migrations.RunPython(write_shares, migrations.RunPython.noop)]
