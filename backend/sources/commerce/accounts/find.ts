import { Refused } from '../../../base/errors'
import type { Reader } from '../../../base/sql'
import { laneOf } from '../entities'
import { type Account, readAccount, readAccounts } from '../store/accounts'
import { readProfile } from '../store/profiles'
import { knownUserId } from './ways'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** @throws {Refused} `missing` for a user of whom nothing is known */
export async function accountsOf(db: Reader, text: string): Promise<Account[]> {
  const userId = knownUserId(text)
  const accounts = await readAccounts(db, userId)
  if (accounts.length > 0 || (await readProfile(db, userId))) return accounts
  throw new Refused('missing', `There is no user ${userId}: connect an account of theirs with yarn accounts connect.`, 'userId')
}

/** An account that a person named. @param name its id, or platform and shop @throws {Refused} `missing` */
export async function accountIn(db: Reader, userId: string, name: string): Promise<Account> {
  const accounts = await accountsOf(db, userId)
  const found = accounts.find((one) => one.id === name.toLowerCase() || laneOf(one) === name)
  if (found) return found
  const known = accounts.map(laneOf).join(', ') || 'none'
  throw new Refused('missing', `User ${userId} has no account ${name.slice(0, 100)}: the accounts are ${known}.`, 'account')
}

/** @throws {Refused} `missing` */
export async function accountById(db: Reader, id: string): Promise<Account> {
  const account = UUID.test(id) ? await readAccount(db, id) : undefined
  if (account) return account
  throw new Refused('missing', `There is no account ${id.slice(0, 100)}.`, 'id')
}
