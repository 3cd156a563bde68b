import type { z } from 'zod'
import type * as shapes from '../../../api/shapes'

/*
 * What the REST API answers, derived from the shapes it is written through. Moments are ISO 8601 in UTC, spans milliseconds
 * unless the name says otherwise.
 */

type Of<S extends z.ZodType> = z.output<S>
type ItemOf<S extends z.ZodType<{ items: unknown[] }>> = Of<S>['items'][number]

export interface List<T> {
  items: T[]
  next: string | null
  total?: number
}

export type Me = Of<typeof shapes.me>
export type ActionRow = ItemOf<typeof shapes.actionList>

export type JobSummary = Of<typeof shapes.jobSummary>
export type JobDetail = Of<typeof shapes.jobDetail>
export type JobList = Of<typeof shapes.jobList>
export type JobCounts = Of<typeof shapes.jobCounts>
export type Status = JobSummary['status']
export type Verb = JobSummary['can'][number]
export type Wait = JobSummary['waits'][number]
export type Lane = Of<typeof shapes.lane>
export type Report = Of<typeof shapes.report>
export type Traffic = Of<typeof shapes.traffic>[string]
export type TaskRow = ItemOf<typeof shapes.taskList>
export type RejectRow = ItemOf<typeof shapes.rejectList>
export type Partitions = Of<typeof shapes.partitions>
export type PartitionCell = Partitions['cells'][number]
export type CellCount = Partitions['counts'][number]
export type Failures = Of<typeof shapes.failures>
export type FailureGroup = Failures['items'][number]
export type TimelineItem = ItemOf<typeof shapes.timeline>
export type JobLog = Of<typeof shapes.jobLog>
export type LogLine = JobLog['items'][number]
export type Estimate = Of<typeof shapes.jobEstimate>
export type CommandEstimate = Of<typeof shapes.commandEstimate>
export type CommandDone = Of<typeof shapes.commandDone>
export type BulkDone = Of<typeof shapes.bulkDone>
export type BulkPreview = Of<typeof shapes.bulkPreview>

export type Overview = Of<typeof shapes.overview>
export type Alert = ItemOf<typeof shapes.alertList>
export type AlertGroup = Of<typeof shapes.alertGroups>['groups'][number]
export type History = Of<typeof shapes.history>
export type Deploy = ItemOf<typeof shapes.deployList>
export type DeployEffect = Of<typeof shapes.effect>
export type Limit = ItemOf<typeof shapes.limitList>
export type ApiUsers = Of<typeof shapes.apiUsers>
export type GatesOfLimit = Of<typeof shapes.gatesOfLimit>
export type Gate = ItemOf<typeof shapes.gateList>
export type Workers = Of<typeof shapes.workerList>
export type WorkerInfo = Workers['items'][number]
export type DeadLetter = Of<typeof shapes.deadLetter>
export type DeadGroups = Of<typeof shapes.deadGroupList>
export type DeadLetters = Of<typeof shapes.deadLetterList>
export type Tick = ItemOf<typeof shapes.tickList>
export type Schedule = Of<typeof shapes.schedule>
export type Webhook = Of<typeof shapes.webhook>
export type Delivery = Of<typeof shapes.delivery>

type RawSource = ItemOf<typeof shapes.sourceList>
export type CommandInfo = Omit<RawSource['commands'][number], 'form'> & { form: JsonSchema }
export type SourceInfo = Omit<RawSource, 'form' | 'commands'> & { form: JsonSchema; commands: CommandInfo[] }

/** The part of JSON Schema that forms are built from. */
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
