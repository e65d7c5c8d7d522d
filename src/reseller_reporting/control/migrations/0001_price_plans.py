"""The tables of price plans: versions and assignments."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="PlanAssignment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reseller_id", models.CharField(blank=True, default="", max_length=64)),
                ("plan", models.CharField(max_length=60)),
                ("customer", models.CharField(max_length=200)),
                ("effective", models.DateField(blank=True, null=True)),
                ("overrides", models.JSONField(default=dict)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("reseller_id", "customer", "effective"), name="one_plan_a_customer_and_day"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("effective", None)),
                        fields=("reseller_id", "customer"),
                        name="one_plan_a_customer_since_ever",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PricePlanVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reseller_id", models.CharField(blank=True, default="", max_length=64)),
                ("plan", models.CharField(max_length=60)),
                ("effective", models.DateField(blank=True, null=True)),
                ("text", models.TextField()),
                ("digest", models.CharField(max_length=64)),
                ("imported_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("reseller_id", "plan", "effective"), name="one_text_a_version"),
                    models.UniqueConstraint(
                        condition=models.Q(("effective", None)),
                        fields=("reseller_id", "plan"),
                        name="one_text_of_a_plan_since_ever",
                    ),
                ],
            },
        ),
    ]
