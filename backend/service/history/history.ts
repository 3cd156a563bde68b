import { Refused } from '../../base/errors'
import { MAX_MINUTES } from '../../base/vocabulary'
import { databaseTime } from '../../database/clock'
import { findJob } from '../../engine/jobs/verbs'
import { apiOf } from '../../gate/limits'
import { databaseCache } from '../base/caches'
import type { Service } from '../base/context'
import { sourceOf } from '../base/registry'
import { jobSeries } from './job-series'
import { listMarks, type Mark } from './marks'
import { limitSeries, type Of, sampleSeries } from './samples'
import type { Series } from './series'
import { type Bins, binsOf, startsOf } from './spans'

/** Charts of the last minutes. */
export interface History {
  /** Starts of the spans, ISO 8601. */
  minutes: string[]
  /** Length of a span. */
  spanMinutes: number
  now: string
  series: Series
  /** Changes of version and restarts within the range. */
  marks: Mark[]
}

export interface HistoryAsk {
  /** How many, this one included. */
  minutes: number
  /** Only one of these. */
  source?: string
  api?: string
  job?: string
}

/**
 * The figures of the last minutes, all processes together.
 * @throws {Refused} `input` unless `minutes` is a whole number up to a week, or when more than one of source, API and job is given;
 *   `missing` for an unknown one
 */
export async function history(service: Pick<Service, 'db' | 'sources' | 'limits'>, ask: HistoryAsk): Promise<History> {
  const { minutes } = ask
  if (!Number.isInteger(minutes) || minutes < 1 || minutes > MAX_MINUTES) {
    throw new Refused('input', `minutes must be a whole number from 1 to ${MAX_MINUTES}, got ${minutes}.`, 'minutes')
  }
  if ([ask.source, ask.api, ask.job].filter((one) => one !== undefined).length > 1) {
    throw new Refused('input', 'Give one of source, api and job, or none.', 'source')
  }
  return await histories(service).get(JSON.stringify([minutes, ask.source, ask.api, ask.job]), () => readHistory(service, ask))
}

/** Everybody who views a range has the same answer, some seconds old at most: processes report as rarely. */
const histories = databaseCache<History>(5_000)

async function readHistory(service: Pick<Service, 'db' | 'sources' | 'limits'>, ask: HistoryAsk): Promise<History> {
  const { minutes } = ask
  const now = await databaseTime(service.db)
  const bins = binsOf(minutes, now.getTime())
  const [series, marks] = await Promise.all([seriesOf(service, ask, bins), listMarks(service.db, new Date(bins.first))])
  return { minutes: startsOf(bins), spanMinutes: bins.minutes, now: now.toISOString(), series, marks }
}

async function seriesOf(service: Pick<Service, 'db' | 'sources' | 'limits'>, ask: HistoryAsk, bins: Bins): Promise<Series> {
  const { db } = service
  if (ask.job !== undefined) {
    const { id } = await findJob(service, ask.job)
    const { series, apis } = await jobSeries(db, id, bins)
    return { ...series, limits: await limitSeries(db, bins, ofApis(service, apis)) }
  }
  if (ask.source !== undefined) {
    const { name, apis } = sourceOf(service, ask.source)
    return await sampleSeries(db, bins, { source: name, ...ofApis(service, Object.keys(apis)) })
  }
  return await sampleSeries(db, bins, ask.api === undefined ? {} : ofApis(service, [knownApi(service, ask.api)]))
}

const ofApis = ({ limits }: Pick<Service, 'limits'>, apis: readonly string[]): Of => ({
  apis,
  limits: [...limits.keys()].filter((limit) => apis.includes(apiOf(limit))),
})

function knownApi({ sources }: Pick<Service, 'sources'>, api: string): string {
  const names = sources.flatMap((source) => Object.keys(source.apis))
  if (!names.includes(api)) throw new Refused('missing', `There is no API "${api}"; there are ${names.join(', ')}.`, 'api')
  return api
}
