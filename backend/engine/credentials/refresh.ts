import { setTimeout as rest } from 'node:timers/promises'
import { Dead, Fatal, Held, messageOf, Refused, RetryLater, Throttled } from '../../base/errors'
import { hideSecrets, redact } from '../../base/redact'
import type { Sealer } from '../../base/seal'
import { type CredentialAsk, type CredentialKind, defaultsOf, type SettingsReader, type StoredTokens, type Tokens } from '../../contract'
import type { Db } from '../../database/db'
import { isUnreachable } from '../../database/passing'
import { logCredentialDead, logCredentialRefreshed, logRefreshFailed } from '../log'
import { endRefresh, keyOf, type Lease, markDead, saveRefreshed } from './rows'
import { sealTokens, secretsOfTokens } from './tokens'

/** A refresh is aborted after this time, ms: before its lease expires. */
const REFRESH_MS = 50_000
/** Pause after a failed refresh, ms, unless the error names its own; within bounds, because it is the upstream that names it. */
const PAUSE_MS = 10_000
const PAUSE_BOUNDS = { least: 1_000, most: 600_000 }
/** New tokens are lost unless they are saved: a database that cannot be reached is tried for this long, at these intervals, ms. */
const SAVE_MS = 120_000
const SAVE_AGAIN_MS = 500

export interface Store {
  db: Db
  sealer: Sealer
  settings?: SettingsReader
}

/**
 * One refresh, whose lease is taken.
 * @returns the new tokens; undefined when somebody else has changed the row meanwhile
 * @throws {Held} when a person must act, or why the refresh failed
 */
export async function refresh(
  { db, sealer, settings = defaultsOf }: Store,
  ask: CredentialAsk,
  how: Required<Pick<CredentialKind, 'refresh'>>,
  lease: Lease,
  tokens: Tokens,
): Promise<StoredTokens | undefined> {
  const { source, id, use } = ask
  const deadline = AbortSignal.timeout(REFRESH_MS)
  const signal = AbortSignal.any([use.signal, deadline])
  // It belongs to no page: neither its pace nor its promised slot apply, and it must not wait for the share of backfills.
  const own = { ...use, class: 'live' as const, pace: undefined, slotAt: undefined, again: undefined, nextAt: {}, signal }
  let fresh: Tokens
  let sealed: ReturnType<typeof sealTokens>
  try {
    fresh = await how.refresh(tokens, { http: ask.http(source, own), settings: settings(source), log: use.log, signal }, id)
    sealed = sealTokens(sealer, id, fresh)
  } catch (thrown) {
    const error = deadline.aborted && !use.signal.aborted ? tooSlow(id) : hidden(thrown, tokens)
    if (error instanceof Dead) return await die(db, ask, lease, error)
    await fail(db, ask, lease, error)
    // The account is still connected: its task must not fail because of the answer of the token endpoint.
    throw error instanceof Fatal ? new RetryLater(error.kind, error.message, undefined, { cause: error }) : error
  }
  const version = await keep(db, lease, sealed)
  if (version === undefined) return undefined
  logCredentialRefreshed(use.log, source.name, id)
  return { tokens: fresh, version }
}

const tooSlow = (id: string): Error => new RetryLater('timeout', `the refresh of ${id} took longer than ${REFRESH_MS / 1000} s`)

/** What was thrown, without the tokens. */
function hidden(thrown: unknown, tokens: Tokens): unknown {
  const secrets = secretsOfTokens(tokens)
  if (thrown instanceof Dead) return new Dead(redact(thrown.reason, secrets).slice(0, 500))
  return thrown instanceof Error ? hideSecrets(thrown, secrets) : thrown
}

async function keep(db: Db, lease: Lease, sealed: ReturnType<typeof sealTokens>): Promise<bigint | undefined> {
  const ends = performance.now() + SAVE_MS
  for (;;) {
    try {
      return await db.tx((tx) => saveRefreshed(tx, lease, sealed))
    } catch (error) {
      if (!isUnreachable(error) || performance.now() > ends) throw error
      await rest(SAVE_AGAIN_MS)
    }
  }
}

async function die(db: Db, { source, id, use }: CredentialAsk, lease: Lease, { reason }: Dead): Promise<undefined> {
  const interrupted = '; an earlier refresh was interrupted, so the upstream may have replaced the refresh token unseen'
  const says = await markDead(db, lease, `${id} must be connected again: ${reason}`, interrupted)
  if (says === undefined) return undefined
  logCredentialDead(use.log, source.name, id, says)
  throw new Held(keyOf(id), says)
}

async function fail(db: Db, { source, id, use }: CredentialAsk, lease: Lease, error: unknown): Promise<void> {
  const at = error instanceof Throttled ? error.until : error instanceof RetryLater ? error.at : undefined
  const { least, most } = PAUSE_BOUNDS
  // A worker that stops has learned nothing about the upstream.
  const pauseMs = use.signal.aborted ? 0 : at ? Math.min(most, Math.max(least, at.getTime() - Date.now())) : PAUSE_MS
  await endRefresh(db, lease, pauseMs, !(error instanceof Throttled || error instanceof Fatal || error instanceof Refused))
  logRefreshFailed(use.log, source.name, id, messageOf(error), pauseMs)
}
