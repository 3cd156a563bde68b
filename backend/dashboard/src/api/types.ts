/*
 * What the REST API answers, as far as these pages use it. The shapes are stated in backend/api/schemas.ts;
 * moments are ISO 8601 in UTC, spans milliseconds unless the name says otherwise.
 */

export const STATUSES = ['running', 'queued', 'paused', 'completed', 'partial', 'failed', 'cancelled'] as const
export type Status = (typeof STATUSES)[number]
export type Verb = 'pause' | 'resume' | 'cancel' | 'retry'
/** A held task is a ready one that a worker has in hand. */
export const TASK_STATES = ['waiting', 'ready', 'held', 'done', 'skipped', 'failed', 'cancelled'] as const

/** Whole numbers that may not fit 2^53 come as text. */
export type Id = string | number

export interface List<T> {
  items: T[]
  next: string | null
  total?: number
}

export interface Me {
  who: string
  canWrite: boolean
  version: string
  tokenNeeded: boolean
  sandbox: boolean
}

export interface TaskCounts {
  total: number
  waiting: number
  ready: number
  held: number
  done: number
  skipped: number
  failed: number
  cancelled: number
}

export interface Wait {
  kind: 'gate' | 'retry' | 'worker'
  on: string
  tasks: number
  until: string | null
  sentence: string
  error: string | null
}

export interface JobSummary {
  id: string
  source: string
  label: string
  about: string | null
  status: Status
  params: unknown
  priority: number
  createdAt: string
  startedAt: string | null
  completedAt: string | null
  seconds: number
  tasks: TaskCounts
  pages: number
  seen: number
  new: number
  updated: number
  unchanged: number
  known: number
  rejected: number
  deleted: number
  expected: number | null
  lookups: { asked: number; open: number }
  fraction: number | null
  position: number | null
  startsInMs: number | null
  rate: number | null
  leftMs: number | null
  sentence: string
  waits: Wait[]
  error: string | null
  verified: boolean | null
  can: Verb[]
}

export type Counts = Partial<Record<Status, number>>
export type JobList = List<JobSummary> & { counts: Counts }

export interface Traffic {
  requests: number
  waits: number
  waitMs: number
  throttled: number
  bytes: number
}

/** How a job ended before it was tried again. */
export interface Run {
  number: number
  startedAt: string
  endedAt: string
  seconds: number
  status: Status
  error: string | null
  tasks: { total: number; failed: number }
  seen: number
  new: number
}

export interface Report {
  verified: boolean
  reason: string
  seconds: number
  pages: number
  seen: number
  new: number
  updated: number
  unchanged: number
  known: number
  rejected: number
  rejectedBy: Record<string, number>
  deleted: number
  expected: number | null
  tasks: { total: number; done: number; skipped: number; failed: number; cancelled: number; open: number }
  requests: Record<string, Traffic>
  lookups: { asked: number; open: number }
  skipped: Record<string, number>
  failures: { task: string; kind: string; error: string }[]
  notes: string[]
}

/** Tasks that share a place: those of one host, where a source has a lane for each. */
export interface Lane extends TaskCounts {
  /** Empty for discovery, which stands outside lanes. */
  lane: string
  seen: number
  bytes: number
  state: 'active' | 'parked' | 'waiting' | 'ended'
  until: string | null
  on: string | null
  errorKind: string | null
  error: string | null
}

export interface JobDetail extends JobSummary {
  lanes: Lane[]
  errors: { kind: string; state: string; tasks: number; example: string | null }[]
  rejectedBy: { reason: string; records: number }[]
  requests: Record<string, Traffic>
  inHand: { task: Id; stream: string; key: string; pages: number; worker: string; sinceMs: number | null }[]
  earlierRuns: Run[]
  report: Report | null
  partitions: boolean
}

export interface TaskRow {
  id: Id
  stream: string
  key: string
  lane: string | null
  stage: number
  state: string
  step: number
  pages: number
  seen: number
  new: number
  updated: number
  unchanged: number
  known: number
  rejected: number
  deleted: number
  expected: number | null
  attempts: number
  errorKind: string | null
  error: string | null
  reason: string | null
  waitingOn: string | null
  dueAt: string
  holder: string | null
  settledAt: string | null
  notes: string[]
}

export interface RejectRow {
  id: Id
  stream: string
  key: string
  reason: string
  detail: string | null
  raw: string
  at: string
}

export interface Partitions {
  rows: string[]
  columns: string[]
  cells: { row: string; column: string; state: string; taskId: Id }[]
}

export interface Estimate {
  tasks: number
  requests: { api: string; requests: number | null; leastMs: number | null; limit: string }[]
  leastMs: number | null
  notes: string[]
  activeKey: string | null
  activeJob: string | null
}

export interface SourceInfo {
  name: string
  about: string
  form: JsonSchema
  example: unknown
}

/** The part of JSON Schema that forms are made of. */
export interface JsonSchema {
  type?: string | string[]
  title?: string
  description?: string
  properties?: Record<string, JsonSchema>
  required?: string[]
  anyOf?: JsonSchema[]
  oneOf?: JsonSchema[]
  enum?: unknown[]
  const?: unknown
  default?: unknown
  format?: string
  pattern?: string
  items?: JsonSchema
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  examples?: unknown[]
  [key: string]: unknown
}

export interface Overview {
  jobs: Counts
  rowsPerMinute: number | null
  requestsPerMinute: number | null
  workers: { alive: number; dead: number }
  schedulers: number
  alerts: number
  deadLetters: number | null
  lookupsOpen: number
  queues: { name: string; ready: number | null; consumers: number | null; due: number; oldestDueMs: number | null }[]
}

export interface Alert {
  kind: string
  subject: string
  message: string
  since: string
}

export interface History {
  minutes: string[]
  series: {
    rows: Record<'new' | 'updated' | 'unchanged' | 'known' | 'rejected', number[]>
    requests: Record<string, number[]>
    waitSeconds: number[]
    latency: Record<string, { p50: (number | null)[]; p95: (number | null)[] }>
  }
}

export interface Gate {
  name: string
  state: 'ready' | 'blocked' | 'tripped'
  limit: string
  api: string
  used: { span: string; used: number; of: number; windowMs: number | null }[]
  inFlight: number
  concurrent: number | null
  nextAt: string | null
  blockedUntil: string | null
  blockedReason: string | null
  failures: number
  trippedUntil: string | null
  granted: number
  waits: number
  throttled: number
  users: { job: string; source: string; tasks: number; waiting: number }[]
}

export interface WorkerInfo {
  id: string
  app: string
  host: string
  pid: number
  queues: string[]
  concurrency: number
  startedAt: string
  heartbeatAgoMs: number
  alive: boolean
  rssBytes: number | null
  loopLagMs: number | null
  holding: { task: Id; job: string; source: string; stream: string; key: string; pages: number; sinceMs: number | null }[]
}

export interface Workers {
  items: WorkerInfo[]
  schedulers: number
  apps: { app: string; queues: string[]; alive: number }[]
}

export interface DeadLetter {
  id: string
  queue: string
  at: string | null
  reason: string
  bytes: number
  body: string
  messageId: string | null
}

export interface DeadLetters {
  items: DeadLetter[]
  queues: { queue: string; count: number }[]
}

export interface Schedule {
  id: string
  name: string
  cron: string
  timeZone: string
  jitterS: number
  missed: 'skip' | 'make_up'
  source: string
  params: unknown
  priority: string
  paused: boolean
  nextAt: string | null
  upcoming: string[]
  lastAt: string | null
  lastJob: string | null
  error: string | null
  createdAt: string
}

export interface Delivery {
  id: string
  key: string
  state: 'pending' | 'delivered' | 'failed'
  attempts: number
  status: number | null
  error: string | null
  tookMs: number | null
  createdAt: string
  triedAt: string | null
  nextAt: string | null
  payload: unknown
}

export interface Webhook {
  id: string
  url: string
  events: string[]
  active: boolean
  createdAt: string
  lastDelivery: Delivery | null
}

export interface ActionRow {
  id: Id
  at: string
  who: string
  address: string
  entryPoint: string
  verb: string
  target: string | null
  detail: unknown
  outcome: string
}
