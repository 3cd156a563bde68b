import { type Ask, json, type Reply } from '../base/exchange'
import { Ban, SlidingBucket } from '../base/limits'
import type { SandboxSettings } from '../base/source'
import type { Take } from './faults'

const MINUTE_MS = 60_000
const REQUESTS = 600
const CATALOG_REQUESTS = 100
/** Errors may be so much of an account's requests, once there are enough to tell. */
const MAX_ERROR_SHARE = 0.05
const ENOUGH = 40

class Account {
  readonly all: SlidingBucket
  readonly catalog: SlidingBucket
  readonly ban = new Ban()
  requests = 0
  errors = 0
  constructor(windowMs: number) {
    this.all = new SlidingBucket(REQUESTS, windowMs)
    this.catalog = new SlidingBucket(CATALOG_REQUESTS, windowMs)
  }
}

/** An account's minute, the smaller one of the catalog, and its share of errors. */
export class PrintifyLimits {
  private accounts = new Map<string, Account>()
  private readonly windowMs: number
  constructor(private readonly settings: SandboxSettings) {
    this.windowMs = MINUTE_MS / settings.speed
  }

  /** As the product has to know them. */
  forProduct() {
    if (this.settings.open)
      return { printify: { requests: 1_000_000, perMs: 1000 }, 'printify.catalog': { requests: 1_000_000, perMs: 1000 } }
    const perMs = Math.ceil(this.windowMs)
    return { printify: { requests: REQUESTS, perMs }, 'printify.catalog': { requests: CATALOG_REQUESTS, perMs } }
  }

  private accountOf(name: string): Account {
    const account = this.accounts.get(name) ?? new Account(this.windowMs)
    this.accounts.set(name, account)
    return account
  }

  /** Counts an arrival; the answer when it is one too many. */
  refuse(ask: Ask, name: string, isCatalog: boolean): Reply | undefined {
    if (this.settings.open) return undefined
    const { violations } = this.settings.context
    const account = this.accountOf(name)
    if (account.ban.broken(ask))
      violations.add('printify-while-told-to-wait', `${Math.round(account.ban.leftMs(ask.at))} ms too early: ${ask.path}`)
    if (account.ban.refuses(ask)) return tooMany()
    const spent = [account.all, ...(isCatalog ? [account.catalog] : [])]
    const full = spent.find((bucket) => bucket.used(ask.at) >= bucket.tokens)
    if (full) {
      violations.add('printify-minute', `more than ${full.tokens} in ${full.windowMs} ms: ${ask.path}`)
      return tooMany()
    }
    for (const bucket of spent) bucket.spend(ask.at - (ask.lateMs ?? 0), 1)
    return undefined
  }

  /** The refusal that a fault asks for. */
  faulted(ask: Ask, name: string, take: Take): Reply | undefined {
    const busy = take('printify-429')
    if (!busy) return undefined
    const seconds = busy.seconds === undefined ? undefined : Number(busy.seconds)
    this.accountOf(name).ban.set(ask, seconds === undefined ? this.windowMs : seconds * 1000)
    return tooMany(seconds)
  }

  /** Notes an answer: too large a share of errors is a violation. */
  answered(name: string, answer: Reply): Reply {
    const account = this.accountOf(name)
    account.requests++
    if (answer.status < 400) return answer
    account.errors++
    if (!this.settings.open && account.requests >= ENOUGH && account.errors > account.requests * MAX_ERROR_SHARE)
      this.settings.context.violations.add('printify-errors', `${account.errors} errors in ${account.requests} requests`)
    return answer
  }

  reset(): void {
    this.accounts.clear()
  }
}

const tooMany = (seconds?: number): Reply =>
  json({ message: 'Too Many Attempts.' }, 429, seconds === undefined ? {} : { 'retry-after': String(seconds) })
