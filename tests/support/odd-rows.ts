import type { Db } from '../../backend/database/db'

const COLUMNS = `
  id bigint primary key, small smallint, whole int, single real, double double precision,
  money numeric(24, 2), part numeric(12, 4), free numeric, flag boolean,
  at timestamptz, local timestamp, day date, doc jsonb, raw json, uid uuid, bytes bytea,
  text text not null, tags text[], ids bigint[], "Odd, ""name""" text`

/** Rows that formats like to get wrong: separators, quotes, line breaks, empty against null, numbers beyond 2^53, microseconds. */
export async function createOddRows(db: Db, table: string): Promise<void> {
  await db.query(`create table ${table} (${COLUMNS})`)
  const add = (values: string) => db.query(`insert into ${table} values ${values}`)
  await add(`(9223372036854775807, 32767, 2147483647, 0.1, 0.1, 9999999999999999999999.99, -12345678.9012, 1e30, true,
    '2024-02-29 23:59:59.123456+00', '1969-12-31 23:59:59.999999', '1900-01-01', '{"a": 12345678901234567890.5, "b": [null, "x\\ny"]}',
    E'{"z": 1,\\n  "z2": "\\\\u00e9"}', '00000000-0000-4000-8000-00000000000f', '\\x00ff0a22', 'plain', '{a,"b,c",null,"d\\"e"}',
    '{9007199254740993,-1}', 'x')`)
  await add(`(-9223372036854775808, -32768, -2147483648, 'NaN', 'Infinity', -0.01, 0, 'NaN', false,
    '0001-01-01 00:00:00+00', '2024-01-01', '2999-12-31', '"text"', '[]', 'ffffffff-ffff-4fff-bfff-ffffffffffff', '\\x',
    E'comma, "quote" \\r\\n line\\ttab \\\\ back', '{}', '{}', '=1+1')`)
  await add(
    `(9007199254740993, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, '', null, null, '')`,
  )
  await add(`(0, 0, 0, 0, 0, 0, 0.0001, 0.000, true, '2024-03-31 01:30:00+02', '2024-03-31 01:30:00', '2024-03-31', '0', 'false',
    '12345678-1234-4234-9234-123456789abc', '\\x41', '😀 ünï 漢字 \u2028', '{""}', '{0}', '\\.')`)
  await add(
    `(1, 1, 1, 1e-30, 1e300, 1, 1, 1, false, 'now', 'now', 'now', '{}', '{}', gen_random_uuid(), '\\x00', '@SUM(A1)', '{x}', '{1}', ' ')`,
  )
}
