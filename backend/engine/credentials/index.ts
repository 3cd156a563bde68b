import { randomUUID } from 'node:crypto'
import { setTimeout as rest } from 'node:timers/promises'
import { Held, RetryLater, Throttled } from '../../base/errors'
import { KeyMissing, Unsealable } from '../../base/seal'
import type { CredentialAsk, CredentialKind, Credentials, StoredTokens } from '../../contract'
import { logCredentialDead } from '../log'
import { refresh, type Store } from './refresh'
import { keyOf, markDead, type Row, readRow, takeRefresh } from './rows'
import { kindOf, openTokens } from './tokens'

/** Tokens are refreshed this long before they expire, by default, ms. */
const EARLY_MS = 300_000
/** The longest wait for the refresh of another process, ms: work that has to wait longer releases its worker. */
const INLINE_MS = 2_000
/** How often that wait reads the row, and when the work is tried again after it, ms. */
const POLL_MS = 100
const AGAIN_MS = 5_000
/** How often a missing key is tried again, ms: with it, the process is a new one. */
const KEY_MS = 60_000

const inMs = (ms: number): Date => new Date(Date.now() + ms)

/** The tokens of the accounts in this database: one refresh at a time for each, over all processes. */
export function createCredentials(store: Store): Credentials {
  return {
    tokens: (ask) => usable(store, ask),
    replaced: (ask, denied) => usable(store, ask, denied),
    giveUp: (ask, denied) => giveUp(store, ask, denied),
  }
}

/** Tokens that may be sent. @param denied these may not, although they have not expired */
async function usable(store: Store, ask: CredentialAsk, denied?: StoredTokens): Promise<StoredTokens> {
  const { id, use } = ask
  const how = kindOf(ask.source, ask.kind)
  const ends = performance.now() + INLINE_MS
  for (;;) {
    use.signal.throwIfAborted()
    const { row, stored } = await readOwn(store, ask)
    const isDenied = row.version === denied?.version
    const isValid = !isDenied && (row.expiresInMs ?? Number.POSITIVE_INFINITY) > 0
    if (!how.refresh) return isDenied ? await giveUp(store, ask, stored) : stored
    if (!isDenied && (row.expiresInMs ?? Number.POSITIVE_INFINITY) > (how.earlyMs ?? EARLY_MS)) return stored
    if (row.freeInMs <= 0) {
      const fresh = await tryRefresh(store, ask, { refresh: how.refresh }, stored, isValid)
      if (fresh) return fresh
      continue
    }
    if (isValid) return stored
    if (!row.leased) throw new Throttled(`the next refresh of ${id}`, inMs(row.freeInMs))
    if (performance.now() > ends) throw new Throttled(`the refresh of ${id} by another process`, inMs(Math.min(row.freeInMs, AGAIN_MS)))
    await rest(POLL_MS, undefined, { signal: use.signal })
  }
}

/** @returns undefined when the row must be read again */
async function tryRefresh(
  store: Store,
  ask: CredentialAsk,
  how: Required<Pick<CredentialKind, 'refresh'>>,
  stored: StoredTokens,
  isValid: boolean,
): Promise<StoredTokens | undefined> {
  const lease = { id: ask.id, version: stored.version, holder: randomUUID() }
  if (!(await takeRefresh(store.db, lease))) return undefined
  try {
    return await refresh(store, ask, how, lease, stored.tokens)
  } catch (error) {
    // A token that has not expired stays in use; the failure is logged.
    if (error instanceof Held || !isValid || ask.use.signal.aborted) throw error
    return stored
  }
}

async function giveUp(store: Store, ask: CredentialAsk, denied: StoredTokens): Promise<never> {
  const { source, id, use } = ask
  const says = await markDead(store.db, { id, version: denied.version }, `${id} must be connected again: its tokens were denied`)
  if (says === undefined) {
    await readOwn(store, ask)
    throw new RetryLater('denied', `the tokens of ${id} were denied, and replaced meanwhile`)
  }
  logCredentialDead(use.log, source.name, id, says)
  throw new Held(keyOf(id), says)
}

/** @throws {Held} when a person must act, {Throttled} while TOKEN_KEY lacks its key */
async function readOwn({ db, sealer }: Store, { source, kind, id }: CredentialAsk): Promise<{ row: Row; stored: StoredTokens }> {
  const row = await readRow(db, id)
  if (!row) throw new Held(keyOf(id), `${id} must be connected: no tokens are stored for it`)
  if (row.source !== source.name || row.kind !== kind)
    throw new Error(`The credential ${id} is of ${row.source} (${row.kind}), and ${source.name} (${kind}) asked for it.`)
  if (row.state === 'reauth_required') throw new Held(keyOf(id), row.reason ?? `${id} must be connected again`)
  try {
    return { row, stored: { tokens: openTokens(sealer, id, row.sealed), version: row.version } }
  } catch (error) {
    if (error instanceof KeyMissing) {
      const on = `TOKEN_KEY to contain the key ${error.keyId}`
      throw new Throttled(on, inMs(KEY_MS), undefined, `The tokens of ${id} cannot be opened. ${error.message}`)
    }
    if (error instanceof Unsealable) throw new Held(keyOf(id), `${id} must be connected again: ${error.message}`)
    throw error
  }
}

export { contextOf as credentialContext, keyOf as credentialKey } from './rows'
