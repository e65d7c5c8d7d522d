"""A summary as Parquet: `python -m reseller_reporting.app.summary_parquet summary.csv out.parquet`.

Numbers are decimals with ten places, text is text; unknown is null. A number that needs more places is an error, not
one made shorter.
"""

import sys
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from reseller_reporting.app.converting import convert
from reseller_reporting.app.table_pages import read_page


def as_parquet(source: Path) -> bytes:
    with TemporaryDirectory() as folder:
        target = Path(folder) / "summary.parquet"
        convert("reseller_reporting.app.summary_parquet", source, target, instead="CSV")
        return target.read_bytes()


def main() -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from reseller_reporting.reports.summary import TEXT_COLUMNS

    source, target = Path(sys.argv[1]), sys.argv[2]
    with source.open("rb") as file:
        page = read_page(file, cursor=None, rows_max=sys.maxsize)
    number = pa.decimal128(38, 10)
    arrays, fields = [], []
    for name in page.columns:
        values = [row[name] for row in page.rows]
        if name in TEXT_COLUMNS:
            arrays.append(pa.array(values, pa.string()))
        else:
            arrays.append(pa.array([None if value is None else Decimal(value) for value in values], number))
        fields.append(pa.field(name, arrays[-1].type))
    pq.write_table(pa.Table.from_arrays(arrays, schema=pa.schema(fields)), target, compression="zstd")


if __name__ == "__main__":
    main()
