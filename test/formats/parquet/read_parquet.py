"""What pyarrow and DuckDB see in a Parquet file: rows, types, encodings. Prints one JSON object. Only for tests."""

import json
import sys

import duckdb
import pyarrow.parquet as pq


def plain(value):
    """Times as whole microseconds since 1970, the rest as JSON has it."""
    if hasattr(value, "timestamp"):
        whole = int(value.replace(microsecond=0).timestamp())
        return whole * 1_000_000 + value.microsecond
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items() if one is not None}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value


def main(path):
    table = pq.read_table(path)
    file = pq.ParquetFile(path)
    columns = {}
    for group in range(file.metadata.num_row_groups):
        for index in range(file.metadata.num_columns):
            column = file.metadata.row_group(group).column(index)
            seen = columns.setdefault(column.path_in_schema, {"type": column.physical_type, "encodings": []})
            seen["encodings"] = sorted({*seen["encodings"], *column.encodings})
            seen["compression"] = column.compression
    result = duckdb.sql(f"select * from read_parquet('{path}')")
    names = result.columns
    json.dump(
        {
            "schema": {field.name: str(field.type) for field in table.schema},
            "metadata": {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()},
            "created_by": file.metadata.created_by,
            "groups": file.metadata.num_row_groups,
            "columns": columns,
            "arrow": [plain(row) for row in table.to_pylist()],
            "duckdb_types": dict(zip(names, map(str, result.types))),
            "duckdb": [plain(dict(zip(names, row))) for row in result.fetchall()],
        },
        sys.stdout,
    )


main(sys.argv[1])
