import type { JobVerb } from '../../base/vocabulary'
import type { PriorityName, RetryChoice } from '../../contract'
import { steerJobs } from '../../service/jobs/bulk'
import { type CommandAsk, startCommand } from '../../service/jobs/commands'
import { type StartAsk, type StartedJob, startJob } from '../../service/jobs/start'
import { prioritizeJob as prioritize, steerJob } from '../../service/jobs/verbs'
import { type DeadChoice, sendCorrected, takeDeadLetters } from '../../service/queues/dead-letters'
import { acknowledgeAlerts } from '../../service/suite/alerts'
import { forget } from '../../service/suite/refusals'
import type { Window } from './connections'
import { type Context, writer } from './context'
import { type BulkArgs, bulkOf } from './queries'
import { given } from './values'

/** The message after a start. */
function messageOf({ job, created, added, broker }: StartedJob): string {
  const what = created
    ? `Queued job ${job.id}: ${job.label}.`
    : `Not queued again: job ${job.id} (${job.status}) is this backfill: ${job.label}.${added.length > 0 ? ` Added to it: ${added.join(', ')}.` : ''}`
  return broker === null ? what : `${what} ${broker} The scheduler wakes the workers once it is back.`
}

interface KillmailInput {
  characterId: bigint
  options?: Record<string, unknown> | null
}

async function startKillmailBackfill(_: unknown, { input }: { input: KillmailInput }, context: Context) {
  // The source refuses a number that cannot be an id, and names the field.
  const params = { characterId: Number(input.characterId), ...(input.options && { options: given(input.options) }) }
  const started = await startJob(context.service, writer(context), { source: 'eve', params, trace: context.trace })
  return { success: true, message: messageOf(started), queuedAt: started.job.createdAt, job: started.job }
}

async function startBackfill(_: unknown, ask: StartAsk, context: Context) {
  const { source, params, force, priority, idempotencyKey } = ask
  const options = { force: force ?? false, priority: priority ?? 'backfill', idempotencyKey: idempotencyKey ?? undefined }
  const started = await startJob(context.service, writer(context), { source, params, ...options, trace: context.trace })
  return { created: started.created, added: started.added, message: messageOf(started), job: started.job }
}

const steer =
  (verb: JobVerb) =>
  (_: unknown, { id, task, ...only }: Omit<RetryChoice, 'task'> & { id: string; task?: bigint | null }, context: Context) =>
    steerJob(context.service, writer(context), verb, id, given({ ...only, task: task?.toString() }))

const bulkJobs = (_: unknown, { first, after, ...args }: BulkArgs & Window, context: Context) =>
  steerJobs(context.service, writer(context), bulkOf(args), { limit: first ?? undefined, cursor: after ?? undefined })

const prioritizeJob = (_: unknown, { id, priority }: { id: string; priority: PriorityName }, context: Context) =>
  prioritize(context.service, writer(context), id, priority)

const take = (verb: 'replay' | 'drop') => async (_: unknown, choice: Record<string, unknown>, context: Context) => ({
  taken: await takeDeadLetters(context.service, writer(context), verb, given(choice) as DeadChoice),
})

interface ForgetArgs {
  kind: string
  ids?: string[] | null
  all?: boolean | null
}

const forgetRefusals = async (_: unknown, { kind, ids, all }: ForgetArgs, context: Context) => ({
  forgotten: await forget(context.service, writer(context), kind, { ids: ids ?? undefined, all: all ?? undefined }),
})

interface AcknowledgeArgs {
  kind: string
  subjects?: string[] | null
  until?: string | Date | null
  undo?: boolean | null
}

const acknowledge = async (_: unknown, { kind, subjects, until, undo }: AcknowledgeArgs, context: Context) => {
  const choice = { kind, subjects: subjects ?? undefined, until: until ? new Date(until).toISOString() : undefined }
  return { changed: await acknowledgeAlerts(context.service, writer(context), choice, undo ?? false) }
}

/** Resolvers of mutations. */
export const Mutation = {
  startKillmailBackfill,
  startBackfill,
  startCommand: (_: unknown, ask: Partial<CommandAsk>, context: Context) =>
    startCommand(context.service, writer(context), { ...(given(ask) as CommandAsk), trace: context.trace }),
  pauseJob: steer('pause'),
  resumeJob: steer('resume'),
  cancelJob: steer('cancel'),
  retryJob: steer('retry'),
  acknowledgeJob: steer('acknowledge'),
  prioritizeJob,
  bulkJobs,
  replayDeadLetters: take('replay'),
  dropDeadLetters: take('drop'),
  correctDeadLetter: (_: unknown, { id, body }: { id: string; body: string }, context: Context) =>
    sendCorrected(context.service, writer(context), id, body),
  forgetRefusals,
  acknowledgeAlerts: acknowledge,
}
