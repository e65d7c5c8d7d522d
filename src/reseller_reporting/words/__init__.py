"""Words: what documents and mails say, in the language of the report."""
