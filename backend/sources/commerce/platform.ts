import type { Api, CredentialKind, NewTask, Settings, Stream } from '../../contract'
import type { ShopRef } from './entities'
import type { CommerceParams } from './params'
import type { Entity } from './store/sync-jobs'

/** An account as a job knows it from its start. */
export interface PlannedAccount extends ShopRef {
  id: string
}

/** What is read of one entity of an account. */
export interface Ask {
  account: PlannedAccount
  entity: Entity
  kind: 'backfill' | 'incremental'
  /** ISO 8601; what was made (backfill) or changed (incremental) before it is not wanted. Null: from the beginning. */
  from: string | null
  /** When the job was started: what comes later is for the next sync. ISO 8601. */
  to: string
  params: CommerceParams
}

/** About how many requests something takes, or why that cannot be told, as a sentence without its full stop. */
export type Cost = { requests: number } | { unknown: string }

/** One platform of the source. */
export interface PlatformPart {
  queue: Stream['queue']
  settings: Settings
  apis: Record<string, Api>
  credentials: Record<string, CredentialKind>
  streams: Record<string, Stream>
  /** The most tasks of one account that run at once. */
  laneWidth: number
  /** How long before the last complete reading a sync starts: an answer may leave out the newest changes, ms. */
  overlapMs(entity: Entity): number
  /** Its first tasks, without lane and stage. The same for the same ask. */
  firstTasks(ask: Ask): Omit<NewTask, 'lane' | 'stage'>[]
  /** What a backfill costs that finds so many records. */
  costOf(ask: Ask, found: number): Cost
}
