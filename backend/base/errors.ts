/**
 * Errors are named for what happens next. The HTTP edge makes them; the engine acts on them.
 * Anything else that a source throws is a fault of ours: it is retried like `RetryLater` and kept with its text.
 */

/** Try the same page again later; one attempt is used. `kind` is a short stable word (`timeout`, `http_502`, `shape`). */
export class RetryLater extends Error {
  override name = 'RetryLater'
  constructor(
    readonly kind: string,
    message: string,
    readonly at?: Date,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

/** Kinds of error that say that the other side cannot be reached, or cannot serve: what one task finds others may find too. */
export const UNREACHABLE = /^(connection|timeout|http_50[234])$/

/** The upstream, its gate or its breaker says wait; no attempt is used. */
export class Throttled extends Error {
  override name = 'Throttled'
  constructor(
    /** What we wait for, in words a person can read: `zkillboard`. */
    readonly on: string,
    readonly until: Date,
    /** A send time the gate has booked for us; kept on the task until it is used or missed. */
    readonly slotAt?: Date,
    message = `waiting for ${on} until ${until.toISOString()}`,
  ) {
    super(message)
  }
}

/** A person must act before the task can go on: it waits without a date until its key is released, and no attempt is used. */
export class Held extends Error {
  override name = 'Held'
  constructor(
    /** What has to be put right: `credential/etsy/4711`. All tasks that it holds are released together. */
    readonly key: string,
    /** What the person must do, without secrets: `etsy account 4711 must be connected again: its token was revoked`. */
    readonly reason: string,
  ) {
    super(reason)
  }
}

/** The refresh of a credential failed for good: a person must connect its account again. Only `CredentialKind.refresh` throws it. */
export class Dead extends Error {
  override name = 'Dead'
  /** @param reason the answer of the upstream, without secrets: `invalid_grant: the refresh token was revoked` */
  constructor(readonly reason: string) {
    super(reason)
  }
}

/** The task can never succeed; it ends `failed` at once. */
export class Fatal extends Error {
  override name = 'Fatal'
  constructor(
    readonly kind: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

/** One fault of a request: where it is (dotted path) and what is wrong there. */
export interface Fault {
  field: string
  message: string
}

/**
 * Something a person or a producer got wrong or must fix, in one sentence.
 * `code` decides the exit code and the HTTP status: input (2 / 400), missing (2 / 404), state (1 / 409), setup (78 / 503).
 */
export class Refused extends Error {
  override name = 'Refused'
  constructor(
    readonly code: 'input' | 'missing' | 'state' | 'setup',
    message: string,
    readonly field?: string,
    /** Status of the job, where the action does not apply in that status. */
    readonly state?: string,
    /** Every fault found, the one of the message first. */
    readonly faults: readonly Fault[] = field === undefined ? [] : [{ field, message }],
  ) {
    super(message)
  }

  /** All these faults in one refusal. @param faults at least one */
  static of(faults: readonly Fault[]): Refused {
    return new Refused('input', faults.map((fault) => fault.message).join(' '), faults[0]?.field, undefined, faults)
  }
}

/** A setting leads to a server that cannot be reached: it may be wrong, or the server is unreachable and comes back by itself. */
export class Unreachable extends Refused {
  constructor(message: string) {
    super('setup', message)
  }
}

/** The message of whatever was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
