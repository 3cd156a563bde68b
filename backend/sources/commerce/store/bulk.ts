import type { Json } from '../../../base/json'
import type { Reader, Tx } from '../../../base/sql'
import type { AccountRef } from './records'
import { textOf } from './save'

/*
 * Bulk operations of Shopify. An operation is stored before it is polled, so that a process that starts again polls it and starts no
 * other. Lines of its file wait in `bulk_lines`, each once, until all are there: children come anywhere in the file.
 */

export interface BulkOperation {
  accountId: string
  operationId: string
  entity: 'orders' | 'products' | 'customers'
  /** Key of the task that started it. */
  window: string
  /** Shopify's word, in lower case. */
  status: string
  errorCode: string | null
  /** Lines of its file, by Shopify; bigint, as the next two. */
  objectCount: bigint | null
  rootObjectCount: bigint | null
  fileSize: bigint | null
}

export interface BulkLine {
  /** From 0. */
  line: number
  objectId: string | null
  parentId: string | null
  content: Json
}

/** A line without a parent, with all lines below it. */
export interface BulkRoot {
  line: number
  content: Json
  below: Omit<BulkLine, 'line'>[]
}

interface LineCounts {
  lines: number
  roots: number
  /** Lines whose parent is not in the file. */
  orphans: number
}

/** Stores an operation, or what Shopify says of it now. */
export async function saveOperation(tx: Tx, it: BulkOperation): Promise<void> {
  await tx.query(
    `insert into commerce.bulk_operations as b
       (account_id, operation_id, entity, "window", status, error_code, object_count, root_object_count, file_size)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     on conflict (account_id, operation_id) do update set
       status = excluded.status, error_code = excluded.error_code, object_count = excluded.object_count,
       root_object_count = excluded.root_object_count, file_size = excluded.file_size, updated_at = clock_timestamp()`,
    [it.accountId, it.operationId, it.entity, it.window, it.status, it.errorCode, it.objectCount, it.rootObjectCount, it.fileSize],
  )
}

/** Keeps lines of an operation's file; lines that are kept already are left alone. @returns how many are new */
export async function stageLines(tx: Tx, accountId: string, operationId: string, lines: readonly BulkLine[]): Promise<number> {
  if (lines.length === 0) return 0
  const added = await tx.query(
    `insert into commerce.bulk_lines (account_id, operation_id, line, object_id, parent_id, content)
     select $1, $2, line, "objectId", "parentId", content
       from jsonb_to_recordset($3::jsonb) as l (line bigint, "objectId" text, "parentId" text, content jsonb) order by line
     on conflict do nothing returning 1`,
    [accountId, operationId, textOf(lines)],
  )
  return added.length
}

/** What is kept of an operation's file, to be compared with what Shopify counted. */
export async function countLines(db: Reader, accountId: string, operationId: string): Promise<LineCounts> {
  const [row] = await db.query<LineCounts>(
    `with lines as materialized (select object_id, parent_id from commerce.bulk_lines where account_id = $1 and operation_id = $2)
     select count(*)::float8 as lines, (count(*) filter (where parent_id is null))::float8 as roots,
            (count(*) filter (where parent_id is not null and parent_id not in (select object_id from lines where object_id is not null)))::float8
              as orphans
       from lines`,
    [accountId, operationId],
  )
  return row as LineCounts
}

/** The most that lines are nested; Shopify allows for two connections in each other. */
const DEPTH = 5

/**
 * Roots after a line, in the order of the file, with what is below them at any depth. Each depth is one statement about all parents: a
 * file that was kept just now has no statistics yet, and a join may then read all of its lines for each parent.
 * @param after -1 at the start
 */
export async function readRoots(db: Reader, accountId: string, operationId: string, after: number, limit: number): Promise<BulkRoot[]> {
  const lines = (which: string, ...values: unknown[]): Promise<BulkLine[]> =>
    db.query<BulkLine>(
      `select line::float8 as line, object_id as "objectId", parent_id as "parentId", content from commerce.bulk_lines
        where account_id = $1 and operation_id = $2 and ${which}`,
      [accountId, operationId, ...values],
    )
  const found = await lines('parent_id is null and line > $3 order by line limit $4', after, limit)
  const roots = found.map(({ line, content }): BulkRoot => ({ line, content, below: [] }))
  let parents = new Map(
    found.flatMap(({ objectId }, n): [string, BulkRoot][] => (objectId === null ? [] : [[objectId, roots[n] as BulkRoot]])),
  )
  for (let depth = 0; depth < DEPTH && parents.size > 0; depth++) {
    const level = new Map<string, BulkRoot>()
    for (const { line: _, ...child } of await lines('parent_id = any($3) order by line', [...parents.keys()])) {
      const root = parents.get(child.parentId ?? '')
      root?.below.push(child)
      if (root && child.objectId !== null) level.set(child.objectId, root)
    }
    parents = level
  }
  return roots
}

/** Deletes lines that are no longer needed, from the start of the file. @returns how many; fewer than the limit: none is left */
export async function deleteLines(tx: Tx, accountId: string, operationId: string, limit: number): Promise<number> {
  const gone = await tx.query(
    `delete from commerce.bulk_lines where account_id = $1 and operation_id = $2 and line in (
       select line from commerce.bulk_lines where account_id = $1 and operation_id = $2 order by line limit $3) returning 1`,
    [accountId, operationId, limit],
  )
  return gone.length
}

/**
 * Those of these refunds whose lines are all stored. Lines are stored page by page, so fewer than the first page holds are all of them.
 * @param first how many lines the first page holds
 */
export async function completeRefunds(
  db: Reader,
  { id, platform }: AccountRef,
  refunds: readonly string[],
  first: number,
): Promise<Set<string>> {
  if (refunds.length === 0) return new Set()
  const rows = await db.query<{ id: string }>(
    `select refund_id as id from commerce.refund_lines
      where account_id = $1 and platform = $2 and refund_id = any($3) and deleted_at is null group by 1 having count(*) < $4`,
    [id, platform, refunds, first],
  )
  return new Set(rows.map((row) => row.id))
}

/** Lines whose parent is not in the file. */
export const readOrphans = (db: Reader, accountId: string, operationId: string, limit: number): Promise<BulkLine[]> =>
  db.query<BulkLine>(
    `with ids as materialized (
       select object_id from commerce.bulk_lines where account_id = $1 and operation_id = $2 and object_id is not null)
     select line::float8 as line, object_id as "objectId", parent_id as "parentId", content from commerce.bulk_lines
      where account_id = $1 and operation_id = $2 and parent_id is not null and parent_id not in (select object_id from ids)
      order by line limit $3`,
    [accountId, operationId, limit],
  )
