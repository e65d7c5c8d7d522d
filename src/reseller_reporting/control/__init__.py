"""Control: what the reseller decided and wants kept, in SQLite or PostgreSQL by way of Django's ORM.

Importing this package imports no Django; `database.opened` does, when the database is needed.
"""
