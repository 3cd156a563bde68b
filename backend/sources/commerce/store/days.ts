import type { Tx } from '../../../base/sql'
import type { AccountRef } from './records'

/*
 * Days of an account whose figures are to be computed again. Days are of UTC, written `2026-01-31`.
 */

export interface ChangedDay {
  accountId: string
  day: string
}

/** The day that a moment of a column belongs to. */
export const DAY = (column: string): string => `(${column} at time zone 'UTC')::date`

const COLUMN = { orders: 'platform_id', payments: 'platform_id', refunds: 'order_id' } as const

/**
 * The day of each row that has one, by id; of refunds by the id of their order.
 * @param isLocked no other page changes the rows until this one is committed
 */
export async function daysOf(
  tx: Tx,
  table: keyof typeof COLUMN,
  account: AccountRef,
  ids: readonly string[],
  { isLocked = false } = {},
): Promise<(ChangedDay & { id: string })[]> {
  if (ids.length === 0) return []
  return await tx.query(
    `select account_id as "accountId", ${COLUMN[table]} as id, ${DAY('created_at')}::text as day from commerce.${table}
      where account_id = $1 and platform = $2 and ${COLUMN[table]} = any($3) and created_at is not null
      order by platform_id${isLocked ? ' for update' : ''}`,
    [account.id, account.platform, ids],
  )
}

/** Marks days as changed. It locks them, so a page calls it last. */
export async function markDays(tx: Tx, days: readonly ChangedDay[]): Promise<void> {
  if (days.length === 0) return
  await tx.query(
    `insert into commerce.changed_days as c (account_id, day)
     select distinct account_id, day from unnest($1::uuid[], $2::date[]) as d (account_id, day) order by account_id, day
     on conflict (account_id, day) do update set changes = c.changes + 1`,
    [days.map(({ accountId }) => accountId), days.map(({ day }) => day)],
  )
}
