import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { Refused } from '../../base/errors'
import type { Reader } from '../../base/sql'
import { databaseTime } from '../../database/clock'
import type { Db } from '../../database/db'
import { userAgent } from '../../http/user-agent'
import { sendOne } from '../../webhooks/attempt'
import { toStored } from '../../webhooks/secret'
import { newSecret } from '../../webhooks/sign'
import { claimTest, settle } from '../../webhooks/store'
import type { Service } from '../base/context'
import { limitOf, makeCursor, momentSql, momentText, type Page, type PageAsk, pageOf, readCursor, uuidText } from '../base/cursor'
import { allChecked } from '../base/faults'
import { checkEvents, checkUrl } from './check'

/*
 * Webhooks: who gets events over HTTP. The scheduler makes a delivery per webhook (engine/upkeep/fan-out.ts) and sends it (webhooks/deliver.ts).
 */

type Context = Pick<Service, 'db' | 'config' | 'sources'>

export interface Delivery {
  /** The same at every attempt; sent as `Backhaul-Delivery`. */
  id: string
  key: string
  state: 'pending' | 'delivered' | 'failed'
  attempts: number
  /** HTTP status of the last response. */
  status: number | null
  error: string | null
  tookMs: number | null
  createdAt: string
  triedAt: string | null
  /** When the next attempt is due; null once it is settled. */
  nextAt: string | null
  /** The body that was or will be sent. */
  payload: unknown
}

export interface Webhook {
  id: string
  url: string
  events: string[]
  active: boolean
  createdAt: string
  /** The newest; null while there is none. */
  lastDelivery: Delivery | null
  /** The tries in a row that failed; null after one that succeeded, and before the first. */
  failing: { since: string; failures: number; error: string | null; nextAt: string | null } | null
}

export interface NewWebhook {
  url: string
  /** Patterns of event keys: `job.failed`, `job.*` for all that begin with `job`, `*` for all. */
  events: string[]
}
export type WebhookChange = Partial<NewWebhook & { active: boolean }>

interface DeliveryRow extends Omit<Delivery, 'createdAt' | 'triedAt' | 'nextAt'> {
  createdAt: Date
  triedAt: Date | null
  dueAt: Date
  place: string
}
type Row = Awaited<ReturnType<typeof find>>

const DELIVERY = `d.id, d.key, d.state, d.attempts, d.status, d.error, d.took_ms as "tookMs", d.created_at as "createdAt", d.tried_at as "triedAt",
  d.due_at as "dueAt", d.payload, ${momentSql('d.created_at')} as place`

const shownDelivery = ({ createdAt, triedAt, dueAt, place: _, ...row }: DeliveryRow): Delivery => ({
  ...row,
  createdAt: createdAt.toISOString(),
  triedAt: triedAt?.toISOString() ?? null,
  nextAt: row.state === 'pending' ? dueAt.toISOString() : null,
})

async function shown(db: Reader, rows: readonly Row[]): Promise<Webhook[]> {
  const last = await db.query<DeliveryRow & { webhookId: string }>(
    `select w.id as "webhookId", d.* from unnest($1::uuid[]) as w(id)
      cross join lateral (select ${DELIVERY} from backhaul.deliveries d where d.webhook_id = w.id order by d.created_at desc, d.id desc limit 1) d`,
    [rows.map((row) => row.id)],
  )
  const next = await db.query<{ webhookId: string; at: Date }>(
    `select w.id as "webhookId", d.due_at as at from unnest($1::uuid[]) as w(id)
      cross join lateral (select due_at from backhaul.deliveries d where d.webhook_id = w.id and d.state = 'pending' order by due_at limit 1) d`,
    [rows.filter((row) => row.active && row.failingSince).map((row) => row.id)],
  )
  const byId = new Map(last.map(({ webhookId, ...row }) => [webhookId, row]))
  const nextOf = new Map(next.map(({ webhookId, at }) => [webhookId, at.toISOString()]))
  return rows.map(({ failingSince, failures, error, ...row }) => {
    const newest = byId.get(row.id)
    return {
      ...row,
      createdAt: row.createdAt.toISOString(),
      lastDelivery: newest ? shownDelivery(newest) : null,
      failing: failingSince && { since: failingSince.toISOString(), failures, error, nextAt: nextOf.get(row.id) ?? null },
    }
  })
}

const missing = (what: string, id: string) =>
  new Refused('missing', `There is no ${what} ${JSON.stringify(String(id).slice(0, 60))}.`, 'id')

const isId = (text: string): boolean => uuidText.safeParse(text.toLowerCase()).success

async function find({ prisma }: Db, id: string) {
  const row = isId(id) ? await prisma.webhook.findUnique({ where: { id } }) : null
  if (!row) throw missing('webhook', id)
  return row
}

/** For readers: the path or query of an address may contain a key, so only the host is shown. */
export function withoutKey<W extends { url: string }>(webhook: W): W {
  const { origin, href } = new URL(webhook.url)
  return href === `${origin}/` ? webhook : { ...webhook, url: `${origin}/…` }
}

/** All webhooks, the oldest first; never their secrets. */
export async function listWebhooks({ db }: Pick<Service, 'db'>): Promise<Webhook[]> {
  return await shown(db, await db.prisma.webhook.findMany({ orderBy: [{ createdAt: 'asc' }, { id: 'asc' }] }))
}

/** @throws {Refused} `missing` */
export async function getWebhook({ db }: Pick<Service, 'db'>, id: string): Promise<Webhook> {
  return (await shown(db, [await find(db, id)]))[0] as Webhook
}

/**
 * Adds a webhook; it gets events from now on.
 * @returns the webhook with its secret, which is never shown again
 * @throws {Refused} `input` with the field: an address that is not public https, an unknown event
 */
export async function addWebhook(context: Context, asked: NewWebhook): Promise<Webhook & { secret: string }> {
  const [events, url] = await allChecked<[string[], string]>(
    () => checkEvents(context, asked.events),
    () => checkUrl(context, asked.url),
  )
  const secret = newSecret()
  const id = randomUUID()
  const data = { id, url, events, secret: toStored(secret, id, context.config.sealer), createdAt: await databaseTime(context.db) }
  const row = await context.db.prisma.webhook.create({ data })
  return { ...((await shown(context.db, [row]))[0] as Webhook), secret }
}

/**
 * Changes the given fields. While inactive a webhook gets no new deliveries; those made before are sent when it is active again.
 * @throws {Refused} like `addWebhook`, and `missing`
 */
export async function changeWebhook(context: Context, id: string, change: WebhookChange): Promise<Webhook> {
  const { db } = context
  const row = await find(db, id)
  const [events, url] = await allChecked<[string[], string]>(
    () => (change.events === undefined ? row.events : checkEvents(context, change.events)),
    () => (change.url === undefined ? row.url : checkUrl(context, change.url)),
  )
  const data = { url, events, active: change.active ?? row.active }
  const rows = await db.prisma.webhook.updateManyAndReturn({ where: { id: row.id }, data })
  if (rows.length === 0) throw missing('webhook', id)
  return (await shown(db, rows))[0] as Webhook
}

/** Removes a webhook with its deliveries. @returns the removed webhook */
export async function removeWebhook({ db }: Pick<Service, 'db'>, id: string): Promise<Webhook> {
  const webhook = await getWebhook({ db }, id)
  await db.prisma.webhook.deleteMany({ where: { id: webhook.id } })
  return webhook
}

/** Sends a `test` event now, also to an inactive webhook, without retries. @returns the delivery */
export async function testWebhook({ db, config, log }: Pick<Service, 'db' | 'config' | 'log'>, id: string): Promise<Delivery> {
  const { id: webhookId } = await find(db, id)
  const claimed = await claimTest(db, webhookId)
  if (!claimed) throw missing('webhook', id)
  const posted = await sendOne(claimed, {
    db,
    log,
    allowPrivate: config.allowPrivateHosts,
    userAgent: userAgent(config.contact),
    sealer: config.sealer,
  })
  await settle(db, claimed, posted.error === null ? 'delivered' : 'failed', posted)
  return await delivery(db, webhookId, claimed.id)
}

async function delivery(db: Reader, webhookId: string, id: string): Promise<Delivery> {
  const isId = uuidText.safeParse(id.toLowerCase()).success
  const [row] = isId
    ? await db.query<DeliveryRow>(`select ${DELIVERY} from backhaul.deliveries d where d.id = $1 and d.webhook_id = $2`, [id, webhookId])
    : []
  if (!row) throw missing('delivery', id)
  return shownDelivery(row)
}

const STATES = ['pending', 'delivered', 'failed'] as const
const PLACE = z.tuple([momentText, uuidText])

/** Deliveries of a webhook, newest first. @throws {Refused} `missing`, `input` */
export async function listDeliveries(
  { db }: Pick<Service, 'db'>,
  id: string,
  ask: PageAsk & { state?: Delivery['state'] } = {},
): Promise<Page<Delivery>> {
  const { id: webhookId } = await find(db, id)
  const { state } = ask
  if (state !== undefined && !STATES.includes(state)) throw new Refused('input', `state must be ${STATES.join(', ')}.`, 'state')
  const limit = limitOf(ask)
  const filters = { webhookId, state: state ?? null }
  const after = readCursor('deliveries', filters, PLACE, ask.cursor)
  const rows = await db.query<DeliveryRow>(
    `select ${DELIVERY} from backhaul.deliveries d
      where d.webhook_id = $1 and ($2::text is null or d.state::text = $2)
        and ($3::timestamptz is null or (d.created_at, d.id) < ($3::timestamptz, $4::uuid))
      order by d.created_at desc, d.id desc limit $5`,
    [webhookId, state ?? null, after?.[0] ?? null, after?.[1] ?? null, limit + 1],
  )
  return pageOf(rows, limit, (row) => makeCursor('deliveries', filters, [row.place, row.id]), shownDelivery)
}

/**
 * Sends a delivery again, with all its attempts, whatever its state.
 * @throws {Refused} `missing`, or `state` while its webhook is not active
 */
export async function retryDelivery({ db }: Pick<Service, 'db'>, id: string, deliveryId: string): Promise<Delivery> {
  const webhook = await find(db, id)
  const { id: found } = await delivery(db, webhook.id, deliveryId)
  if (!webhook.active) {
    throw new Refused('state', 'The webhook is not active; activate it first.', 'active', 'inactive')
  }
  await db.query(`update backhaul.deliveries set state = 'pending', attempts = 0, due_at = clock_timestamp() where id = $1`, [found])
  return await delivery(db, webhook.id, found)
}
