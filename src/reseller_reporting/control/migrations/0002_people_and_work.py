"""Resellers, users, runs, jobs, deliveries, the audit trail."""

import uuid

import django.db.models.deletion
import django.db.models.manager
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("control", "0001_price_plans"),
    ]

    operations = [
        migrations.CreateModel(
            name="User",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                ("username", models.CharField(max_length=254, unique=True)),
                ("email", models.EmailField(blank=True, default="", max_length=254)),
                ("name", models.CharField(blank=True, default="", max_length=200)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("operator", "operator"),
                            ("reseller_admin", "reseller_admin"),
                            ("reseller_viewer", "reseller_viewer"),
                            ("customer_admin", "customer_admin"),
                        ],
                        max_length=20,
                    ),
                ),
                ("account_id", models.CharField(blank=True, default="", max_length=64)),
                ("source", models.CharField(default="local", max_length=10)),
                ("language", models.CharField(blank=True, default="", max_length=10)),
                ("must_change_password", models.BooleanField(default=False)),
                ("is_active", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField()),
            ],
            managers=[
                ("log_ins", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="Reseller",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(blank=True, max_length=64, unique=True)),
                ("name", models.CharField(max_length=200)),
                ("account_id", models.CharField(blank=True, default="", max_length=64)),
                ("kazoo_url", models.CharField(blank=True, default="", max_length=500)),
                ("sealed_credentials", models.TextField(blank=True, default="")),
                ("timezone", models.CharField(blank=True, default="", max_length=64)),
                ("currency", models.CharField(blank=True, default="", max_length=3)),
                ("tree_read_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100)),
                ("prefix", models.CharField(max_length=12)),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("scopes", models.JSONField(default=list)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("last_used_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="api_keys", to="control.user"
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="api_keys", to="control.reseller"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="user",
            name="reseller",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="users", to="control.reseller"
            ),
        ),
        migrations.CreateModel(
            name="Run",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("order", models.JSONField()),
                ("title", models.CharField(blank=True, default="", max_length=200)),
                ("period_name", models.CharField(blank=True, default="", max_length=60)),
                ("timezone", models.CharField(blank=True, default="", max_length=64)),
                ("reseller_name", models.CharField(blank=True, default="", max_length=500)),
                ("state", models.CharField(default="waiting", max_length=10)),
                ("is_complete", models.BooleanField(null=True)),
                ("accounts_count", models.PositiveIntegerField(default=0)),
                ("failed_count", models.PositiveIntegerField(default=0)),
                ("totals", models.JSONField(default=dict)),
                ("manifest_sha256", models.CharField(blank=True, default="", max_length=64)),
                ("created_at", models.DateTimeField()),
                ("made_at", models.DateTimeField(blank=True, null=True)),
                ("deleted_at", models.DateTimeField(blank=True, null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="control.user"
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="runs", to="control.reseller"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Job",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=20)),
                ("unique_key", models.CharField(blank=True, max_length=200, null=True, unique=True)),
                ("payload", models.JSONField(default=dict)),
                ("state", models.CharField(default="queued", max_length=10)),
                ("cancel_asked", models.BooleanField(default=False)),
                ("due_at", models.DateTimeField()),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("lease", models.CharField(blank=True, default="", max_length=32)),
                ("owner", models.CharField(blank=True, default="", max_length=100)),
                ("heartbeat_at", models.DateTimeField(blank=True, null=True)),
                ("checkpoint", models.JSONField(default=dict)),
                ("stage", models.CharField(blank=True, default="", max_length=60)),
                ("stage_done", models.PositiveIntegerField(default=0)),
                ("stage_total", models.PositiveIntegerField(blank=True, null=True)),
                ("stage_began_at", models.DateTimeField(blank=True, null=True)),
                ("percent", models.PositiveSmallIntegerField(default=0)),
                ("message", models.TextField(blank=True, default="")),
                ("created_at", models.DateTimeField()),
                ("began_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="control.user"
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="jobs", to="control.reseller"
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="jobs", to="control.run"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("unique_key", models.CharField(max_length=200, unique=True)),
                ("recipients", models.JSONField()),
                ("state", models.CharField(default="waiting", max_length=10)),
                ("message", models.TextField(blank=True, default="")),
                ("created_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="control.user"
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="deliveries", to="control.reseller"
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="deliveries", to="control.run"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RunFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200)),
                ("kind", models.CharField(max_length=20)),
                ("edition", models.CharField(default="internal", max_length=10)),
                ("account_id", models.CharField(blank=True, default="", max_length=64)),
                ("account_name", models.CharField(blank=True, default="", max_length=500)),
                ("size_bytes", models.BigIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="control.reseller"
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="files", to="control.run"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Recipient",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("address", models.CharField(max_length=320)),
                ("last_used_at", models.DateTimeField()),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="recipients", to="control.reseller"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("reseller", "address"), name="one_row_an_address")],
            },
        ),
        migrations.CreateModel(
            name="KnownAccount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("account_id", models.CharField(max_length=64)),
                ("name", models.CharField(max_length=500)),
                ("realm", models.CharField(blank=True, default="", max_length=500)),
                ("parent_id", models.CharField(blank=True, default="", max_length=64)),
                ("reseller_account_id", models.CharField(blank=True, default="", max_length=64)),
                ("is_reseller", models.BooleanField(default=False)),
                ("lineage", models.TextField()),
                ("sought", models.TextField()),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="accounts", to="control.reseller"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["reseller", "name", "account_id"], name="accounts_by_name")],
                "constraints": [models.UniqueConstraint(fields=("reseller", "account_id"), name="one_row_an_account")],
            },
        ),
        migrations.CreateModel(
            name="JobItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("account_id", models.CharField(max_length=64)),
                ("name", models.CharField(max_length=500)),
                ("state", models.CharField(default="waiting", max_length=10)),
                ("message", models.TextField(blank=True, default="")),
                (
                    "job",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="items", to="control.job"
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="control.reseller"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("job", "account_id"), name="one_item_a_customer")],
            },
        ),
        migrations.CreateModel(
            name="IdempotencyKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=200)),
                ("request_digest", models.CharField(max_length=64)),
                ("status", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("answer", models.JSONField(blank=True, null=True)),
                ("created_at", models.DateTimeField()),
                (
                    "user",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="control.user"),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="control.reseller"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("user", "key"), name="one_answer_a_key")],
            },
        ),
        migrations.CreateModel(
            name="AuditEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("who", models.CharField(max_length=254)),
                ("address", models.CharField(blank=True, default="", max_length=45)),
                ("action", models.CharField(max_length=60)),
                ("subject", models.CharField(blank=True, default="", max_length=500)),
                ("details", models.JSONField(default=dict)),
                (
                    "user",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="control.user"
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="control.reseller"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("reseller"), models.OrderBy(models.F("at"), descending=True), name="audit_newest_first"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AccountGroup",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100)),
                ("account_ids", models.JSONField(default=list)),
                ("updated_at", models.DateTimeField()),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="control.user"
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="groups", to="control.reseller"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("reseller", "name"), name="one_group_a_name")],
            },
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("role", "customer_admin"), _negated=True),
                    models.Q(("account_id", ""), _negated=True),
                    _connector="OR",
                ),
                name="customer_admins_have_an_account",
            ),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                models.F("reseller"), models.OrderBy(models.F("created_at"), descending=True), name="runs_newest_first"
            ),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(fields=["state", "due_at"], name="jobs_that_wait"),
        ),
        migrations.AddConstraint(
            model_name="runfile",
            constraint=models.UniqueConstraint(fields=("run", "name"), name="one_row_a_file"),
        ),
    ]
