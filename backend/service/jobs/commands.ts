import { Refused } from '../../base/errors'
import { isRecord, type Json } from '../../base/json'
import { count } from '../../base/vocabulary'
import { requireAccess } from '../../config/apis'
import type { Command, Plan, PriorityName, Source } from '../../contract'
import { foretell, PRIORITY } from '../../engine/jobs/verbs'
import { readIds } from '../../engine/lookups/ids'
import { ask as askLookups } from '../../engine/lookups/store'
import { wakeLookups } from '../../engine/lookups/wake'
import { ACTIVE } from '../../engine/store'
import { limitsNow } from '../../gate/learned'
import type { Service } from '../base/context'
import { formOfCommand } from '../base/registry'
import { type Actor, act } from '../suite/actions'
import { estimate, limitText } from './estimate'
import { type Fields, type IdFault, requestsOf } from './requests'
import { sendWakeUps, startRequests } from './start'

/*
 * The commands of the sources (`yarn queue <command>`) for entry points that send all ids at once.
 */

/** Ids in one request. */
export const MAX_IDS = 50_000
/** Faults that an answer names. */
const MAX_FAULTS = 100
/** Requests that are prepared for an estimate, each by a query; more are estimated from these. */
const MAX_PREPARED = 500

export interface CommandAsk {
  command: string
  ids?: readonly string[]
  /** The fields that the command offers as options, for all ids. */
  params?: unknown
  /** That of the command by default. */
  priority?: PriorityName
  force?: boolean
}

export interface CommandEstimate {
  /** Jobs, or ids of lookups, that would be started. */
  requests: number
  /** Ids that cannot be read; the first of them are named. */
  invalid: number
  faults: IdFault[]
  /** How many of the jobs are active already. */
  active: number
  /** First tasks of all jobs; batches of lookups. */
  tasks: number
  apis: { api: string; requests: number | null; leastMs: number | null; limit: string }[]
  leastMs: number | null
  notes: string[]
}

export interface CommandDone {
  /** Jobs started, and those that were active already. */
  created: number
  joined: number
  /** Ids of lookups that were requested. */
  lookups: number
  /** The first job. */
  job: string | null
  broker: string | null
}

interface Understood {
  source: Source
  command: Command
  requests: unknown[]
  /** For lookups. */
  ids: string[]
  faults: IdFault[]
}

/** @throws {Refused} `missing` for an unknown command */
function commandOf({ sources }: Pick<Service, 'sources'>, name: string): { source: Source; command: Command } {
  for (const source of sources) {
    const command = source.commands[name]
    if (command) return { source, command }
  }
  const names = sources.flatMap(({ commands }) => Object.keys(commands))
  throw new Refused('missing', `There is no command ${JSON.stringify(name.slice(0, 60))}; there are ${names.join(', ')}.`, 'command')
}

/** @throws {Refused} `input` for a field that the command does not offer */
function fieldsOf(source: Source, command: Command, params: unknown): Fields {
  if (!isRecord(params)) throw new Refused('input', 'params must be a JSON object.', 'params')
  const known = Object.keys((formOfCommand(source, command).properties ?? {}) as object)
  const unknown = Object.keys(params).find((name) => !known.includes(name))
  if (unknown === undefined) return params as Fields
  const there = known.length > 0 ? `there are ${known.join(', ')}` : 'it has none'
  throw new Refused('input', `The command has no option ${JSON.stringify(unknown.slice(0, 60))}; ${there}.`, unknown.slice(0, 60))
}

/** @throws {Refused} `missing` for an unknown command; `input` for no ids, too many, or a field of all of them */
function understood(service: Pick<Service, 'sources'>, { command: name, ids: given = [], params = {} }: CommandAsk): Understood {
  const { source, command } = commandOf(service, name)
  const texts = [...new Set(given.map((id) => id.trim()).filter((id) => id !== ''))]
  const takesIds = command.ids !== undefined || command.lookup !== undefined
  if (takesIds && texts.length === 0) throw new Refused('input', 'ids: give at least one.', 'ids')
  if (!takesIds && texts.length > 0) throw new Refused('input', `ids: ${name} takes none.`, 'ids')
  if (texts.length > MAX_IDS) throw new Refused('input', `ids: at most ${MAX_IDS} at once, got ${texts.length}.`, 'ids')
  const fields = fieldsOf(source, command, params)
  const lookup = command.lookup === undefined ? undefined : source.lookups?.[command.lookup]
  if (!lookup) return { source, command, ids: [], ...requestsOf(source, command, texts, fields) }
  const { ids, faults } = readIds(lookup.id, texts)
  const at = new Map(texts.map((text, n) => [text, n]))
  return {
    source,
    command,
    requests: [],
    ids,
    faults: faults.map(({ text, message }) => ({ at: at.get(text) ?? 0, id: text, message: `${command.lookup} id ${message}` })),
  }
}

/** @returns a plan for each request; those beyond the first `MAX_PREPARED` of a source that prepares are taken to be like these */
async function plansOf(service: Service, { source, requests }: Understood): Promise<Plan[]> {
  if (!source.prepare) return requests.map((request) => source.plan(request))
  const known: Plan[] = []
  for (const request of requests.slice(0, MAX_PREPARED)) known.push((await foretell(() => service.db, service, source, request)).plan)
  return known.length === 0 ? [] : requests.map((_, n) => known[n % known.length] as Plan)
}

const priorityOf = (command: Command, asked: PriorityName | undefined): number =>
  asked === undefined ? (command.priority ?? PRIORITY.backfill) : PRIORITY[asked]

/**
 * What a command would start and cost, with every fault of its ids; nothing is queued.
 * @throws {Refused} `missing` for an unknown command; `input` for anything but single ids
 */
export async function estimateCommand(service: Service, ask: CommandAsk): Promise<CommandEstimate> {
  const it = understood(service, ask)
  const { source, command, requests, ids, faults } = it
  const found = { invalid: faults.length, faults: faults.slice(0, MAX_FAULTS).map(cut) }
  const lookup = command.lookup === undefined ? undefined : source.lookups?.[command.lookup]
  if (lookup) {
    const tasks = Math.ceil(ids.length / lookup.batch)
    return {
      ...found,
      requests: ids.length,
      active: 0,
      tasks,
      apis: [],
      leastMs: null,
      notes: [`Ids are looked up ${count(lookup.batch)} at once`],
    }
  }
  const plans = await plansOf(service, it)
  const limits = await limitsNow(service.db, service.limits)
  const { apis, ...rest } = estimate(plans, limits, priorityOf(command, ask.priority) === PRIORITY.live)
  const [active] = await service.db.query<{ n: number }>(
    `select count(*)::int as n from backhaul.jobs where source = $1 and active_key = any($2) and status in ${ACTIVE}`,
    [source.name, plans.map((plan) => plan.activeKey)],
  )
  const isPartial = source.prepare !== undefined && requests.length > MAX_PREPARED
  return {
    ...found,
    ...rest,
    requests: requests.length,
    active: active?.n ?? 0,
    apis: apis.map((api) => ({ api: api.name, requests: api.requests, leastMs: api.leastMs, limit: limitText(api.limit) })),
    notes: [...rest.notes, ...(isPartial ? [`Estimated from the first ${MAX_PREPARED} of ${requests.length}`] : [])],
  }
}

const cut = ({ id, ...fault }: IdFault): IdFault => ({ ...fault, id: id.slice(0, 100) })

/**
 * Starts what a command does with all these ids: one job for each, in one transaction, or lookups. With one invalid id nothing is started.
 * @throws {Refused} `input` with a fault for each invalid id (`ids.17`), up to 100; `missing`, `setup`
 */
export async function startCommand(service: Service, actor: Actor, ask: CommandAsk & { trace?: string }): Promise<CommandDone> {
  const it = understood(service, ask)
  const { source, command, requests, ids, faults } = it
  requireAccess(source, service.config)
  if (faults.length > 0)
    throw Refused.of(
      faults
        .slice(0, MAX_FAULTS)
        .map(({ at, id, message }) => ({ field: `ids.${at}`, message: `${JSON.stringify(id.slice(0, 60))}: ${message}` })),
    )
  const priority = priorityOf(command, ask.priority)
  if (command.lookup !== undefined) return await startLookups(service, actor, it, command.lookup, priority)
  const detail: Json = {
    command: ask.command,
    requests: requests.length,
    first: (requests[0] ?? null) as Json,
    priority,
    force: ask.force ?? false,
  }
  const options = { priority, force: ask.force, queue: command.queue, trace: ask.trace }
  const { jobs, broker } = await act(
    service,
    actor,
    'job.start',
    null,
    detail,
    () => startRequests(service, source, requests, options),
    (done) => done.jobs[0]?.id ?? null,
  )
  const created = jobs.filter((job) => job.created).length
  return { created, joined: jobs.length - created, lookups: ids.length, job: jobs[0]?.id ?? null, broker: broker ?? null }
}

async function startLookups(
  service: Service,
  actor: Actor,
  { source, ids }: Understood,
  kind: string,
  priority: number,
): Promise<CommandDone> {
  const lookup = source.lookups?.[kind]
  if (!lookup) throw new Error(`source ${source.name} has no lookup ${kind}`)
  const work = async () => {
    await service.db.tx((tx) => askLookups(tx, { [kind]: ids }, { priority, force: true }))
    return await sendWakeUps(service, () => wakeLookups(service.db, service.broker, kind, lookup))
  }
  const broker = await act(service, actor, 'lookup.start', kind, { ids: ids.length, first: ids[0] ?? null, priority }, work)
  return { created: 0, joined: 0, lookups: ids.length, job: null, broker: broker ?? null }
}
