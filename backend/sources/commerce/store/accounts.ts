import { Fatal } from '../../../base/errors'
import type { Reader, Tx } from '../../../base/sql'
import type { AccountRef, Platform } from './records'

/*
 * Shops that users have connected. Whether the tokens of one work is known to the engine's credentials only.
 */

export interface Account extends AccountRef {
  /** The platform's id of the shop; of Shopify its domain. */
  shopId: string
  name: string | null
  /** ISO 4217; null: not known. */
  currency: string | null
  /** What the user has allowed, in the platform's words. */
  scopes: string[]
  /** When the shop was opened; null: not known. */
  shopCreatedAt: Date | null
  /** The credential with its tokens; shops may share one. */
  credentialId: string
  isRemoved: boolean
}

const COLUMNS = `id, user_id as "userId", platform, shop_id as "shopId", name, currency, scopes, shop_created_at as "shopCreatedAt",
  credential_id as "credentialId", state = 'removed' as "isRemoved"`

/** Those of a user, removed ones too, in the order in which they are shown. */
export const readAccounts = (db: Reader, userId: string): Promise<Account[]> =>
  db.query<Account>(`select ${COLUMNS} from commerce.accounts where user_id = $1 order by platform, shop_id`, [userId])

/** Those of all users, by user. */
export const readAllAccounts = (db: Reader, limit: number): Promise<Account[]> =>
  db.query<Account>(`select ${COLUMNS} from commerce.accounts order by user_id, platform, shop_id limit $1`, [limit])

export async function readAccount(db: Reader, id: string): Promise<Account | undefined> {
  const [row] = await db.query<Account>(`select ${COLUMNS} from commerce.accounts where id = $1`, [id])
  return row
}

/** The account of a task. @throws {Fatal} `account_removed` */
export async function accountOf(db: Reader, id: string): Promise<Account> {
  const account = await readAccount(db, id)
  if (account && !account.isRemoved) return account
  const name = account ? `${account.platform}/${account.shopId}` : id
  throw new Fatal('account_removed', `the account ${name} was removed; connect it again (yarn accounts connect), then retry the job`)
}

export interface NewAccount extends Omit<Account, 'id' | 'isRemoved'> {
  platform: Platform
}

/** Stores an account that was connected, or connected again. @returns its id */
export async function saveAccount(tx: Tx, it: NewAccount): Promise<string> {
  const [row] = await tx.query<{ id: string }>(
    `insert into commerce.accounts as a (user_id, platform, shop_id, name, currency, scopes, shop_created_at, credential_id)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (user_id, platform, shop_id) do update set
       name = coalesce(excluded.name, a.name), currency = coalesce(excluded.currency, a.currency), scopes = excluded.scopes,
       shop_created_at = coalesce(excluded.shop_created_at, a.shop_created_at), credential_id = excluded.credential_id,
       state = 'connected', updated_at = clock_timestamp()
     returning id`,
    [it.userId, it.platform, it.shopId, it.name, it.currency, it.scopes, it.shopCreatedAt, it.credentialId],
  )
  return (row as { id: string }).id
}

/** Marks an account as removed; what was read of it stays. @returns whether it was connected */
export async function removeAccount(tx: Tx, id: string): Promise<boolean> {
  const rows = await tx.query(
    `update commerce.accounts set state = 'removed', updated_at = clock_timestamp() where id = $1 and state <> 'removed' returning 1`,
    [id],
  )
  return rows.length > 0
}
