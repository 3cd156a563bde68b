import type { BackfillParams } from '../params'
import { preparedOf } from '../plan'
import { prepare } from '../prepare'
import { filesOf, previewOf } from '../preview'
import type { Context } from './parts'
import type { Preview } from './shapes'

/** From so many districts or days on, the answer says that it takes long. */
const MANY_DISTRICTS = 50
const MANY_DAYS = 366

/** @throws {Refused} `input` when none of its districts is configured */
export async function previewShown(context: Context, asked: BackfillParams): Promise<Preview> {
  const params = await prepare(context.db, asked, context.settings)
  const prepared = preparedOf(params)
  const { dates, districts, files } = await previewOf(context, params)
  const requests = filesOf(files)
  return {
    dates,
    scope: {
      targetDistricts: prepared.districts ?? [],
      configuredDistricts: prepared.configured,
      scopeType: prepared.scopeType,
      validationPassed: prepared.outside.length === 0,
    },
    collectionStrategy: prepared.strategy,
    dateRange: { startDate: params.startDate, endDate: params.endDate },
    affectedDistricts: districts,
    totalItems: files.summaries,
    itemBreakdown: files,
    estimatedDuration: requests === null ? null : await durationOf(context, requests, params),
    advice: adviceOf(districts.length, dates.length, prepared.outside),
  }
}

/** At the limit in force, or at the pace of the job where that is slower, ms. */
async function durationOf(context: Context, requests: number, { rateLimitDelayMs = 0 }: BackfillParams): Promise<number> {
  const gate = (await context.gates()).find((one) => one.name === 'toastmasters')
  const window = gate?.used.find((one) => one.span === 'requests')
  const each = Math.max(window && window.of > 0 ? window.windowMs / window.of : 0, rateLimitDelayMs)
  return Math.round(requests * each)
}

const adviceOf = (districts: number, days: number, outside: readonly string[]): string[] => [
  ...(districts > MANY_DISTRICTS ? [`${districts} districts take long; name fewer, or ask for system-wide.`] : []),
  ...(days >= MANY_DAYS ? [`${days} dates take long; ask for month by month.`] : []),
  ...(outside.length > 0 ? [`Not configured and left out: ${outside.join(', ')}.`] : []),
]
