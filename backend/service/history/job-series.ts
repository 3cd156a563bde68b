import { groupBy } from '../../base/group'
import type { Reader } from '../../base/sql'
import { ANSWERS, RECORD_FIGURES, REQUEST_FIGURES } from '../../base/uses'
import { ofOutcomes } from '../../base/vocabulary'
import { latencyOf } from './latency'
import type { Series } from './series'
import type { Bins } from './spans'

interface Row {
  api: string
  place: number
  counts: bigint[]
}

/** The figures of one job, and the APIs that it used. */
export async function jobSeries(
  db: Reader,
  job: string,
  { first, minutes, length }: Bins,
): Promise<{ series: Omit<Series, 'limits'>; apis: string[] }> {
  const rows = await db.query<Row>(
    `select api, floor(extract(epoch from minute - $2) / 60 / $4::int)::int as place, counts from backhaul.uses
      where who = $1 and minute >= $2 and minute < $2 + $3::int * $4::int * interval '1 minute'`,
    [job, new Date(first), length, minutes],
  )
  const requests = rows.filter(({ api }) => api !== '')
  const [records, sent] = [
    listsOf(
      rows.filter(({ api }) => api === ''),
      RECORD_FIGURES,
      length,
    ),
    listsOf(requests, REQUEST_FIGURES, length),
  ]
  const none = () => new Array<number>(length).fill(0)
  const byApi = groupBy(requests, ({ api }) => api)
  return {
    apis: [...byApi.keys()].sort(),
    series: {
      rows: ofOutcomes((outcome) => records.get(outcome) ?? none()),
      requests: Object.fromEntries(
        ANSWERS.flatMap((answer) => (sent.get(answer)?.some((n) => n > 0) ? [[answer, sent.get(answer) ?? []]] : [])),
      ),
      waitSeconds: (sent.get('waitMs') ?? none()).map((ms) => ms / 1000),
      latency: Object.fromEntries(
        [...byApi].map(([api, mine]) => {
          const lists = listsOf(mine, REQUEST_FIGURES, length)
          const buckets = [...lists].flatMap(([name, list]) => (name.startsWith('le ') ? [[name.slice(3), list] as const] : []))
          return [api, latencyOf(new Map(buckets), length)]
        }),
      ),
    },
  }
}

/** The places of each figure, added up. */
function listsOf(rows: readonly Row[], figures: readonly string[], length: number): Map<string, number[]> {
  const lists = new Map(figures.map((name) => [name, new Array<number>(length).fill(0)]))
  for (const { place, counts } of rows) {
    for (const [at, name] of figures.entries()) {
      const list = lists.get(name)
      if (list) list[place] = (list[place] ?? 0) + Number(counts[at] ?? 0)
    }
  }
  return lists
}
