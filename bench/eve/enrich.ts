import { ask } from '../../backend/engine/lookups/store'
import type { Figure } from '../base/figures'
import type { Bench, Ground } from '../base/harness'
import { openUpstream } from '../base/upstream'
import { rest, until } from '../base/wait'

/** How many ids of one page are new, and how long the next page takes, ms. */
const OF_A_PAGE = 200
const PAGE_MS = 100

/** Asks as the pages of a backfill do: some ids in each transaction. */
async function askByPages({ db }: Ground, ids: readonly string[]): Promise<void> {
  for (let first = 0; first < ids.length; first += OF_A_PAGE) {
    await db.tx((tx) => ask(tx, { character: ids.slice(first, first + OF_A_PAGE) }, { priority: 2 }))
    await rest(PAGE_MS)
  }
}

/** Asks as `queue:character` does: all of them at once. */
const askAtOnce = ({ db }: Ground, ids: readonly string[]): Promise<void> =>
  db.tx((tx) => ask(tx, { character: ids }, { priority: 1, force: true }))

const MODES = { 'page by page': askByPages, 'all at once': askAtOnce }

/** Requests for names and corporations of many new characters. */
export const enrich: Bench = {
  about: "requests for new characters' names and corporations",
  sizes: {
    characters: { full: 10_000, small: 3_000, about: 'characters that no lookup has named yet' },
    unknown: { full: 2, small: 2, about: 'of these, ids that ESI does not know; each makes ESI refuse its bulk' },
  },
  async run(ground, { characters = 0, unknown = 0 }) {
    // A crowd that is large enough lives in a world of this many killmails; none of them is read.
    const limits = { esi: { requests: 1000, perMs: 1000 } }
    const { sandbox, env } = await openUpstream(ground, { scale: characters * 5, oddities: false, speed: 20 }, limits)
    await ground.start('backend/bin/scheduler.js', [], env)
    await ground.start('backend/bin/worker.js', ['worker-esi-character'], env)
    const figures: Figure[] = []
    for (const [n, [name, askFor]] of Object.entries(MODES).entries()) {
      const ids = Array.from({ length: characters - unknown }, (_, index) =>
        String(sandbox.eve.world.people.characterId(n * characters + index)),
      )
      const strangers = Array.from({ length: unknown }, (_, index) => String(2_119_000_000 + n * unknown + index))
      sandbox.reset()
      const began = performance.now()
      await askFor(ground, [...ids, ...strangers])
      await until(() => isAnswered(ground), 600_000, 'the characters to be answered')
      const seconds = (performance.now() - began) / 1000
      const { byRoute = {}, byStatus = {}, total = 0 } = sandbox.traffic().esi ?? {}
      ground.print(`${name}: ${JSON.stringify(byRoute)}, statuses ${JSON.stringify(byStatus)}, ${seconds.toFixed(1)} s`)
      const [row] = await ground.db.query<{ named: number }>(
        'select count(*)::int as named from eve.characters where name is not null and corporation_id is not null and character_id = any($1::bigint[])',
        [ids],
      )
      // Each claim asks for names once and for corporations once; more names than that are halves of refused bulks.
      const bisections = (byRoute.names ?? 0) - (byRoute.affiliation ?? 0) + (byRoute.character ?? 0)
      figures.push(
        { name: `${name}: requests`, values: [total], atMost: Math.ceil(characters / 1000) * 2 + bisections + 5 },
        { name: `${name}: of them by bisection`, values: [bisections] },
        { name: `${name}: left without name or corporation`, values: [ids.length - (row?.named ?? 0)], atMost: 0 },
      )
    }
    return figures
  },
}

async function isAnswered({ db }: Ground): Promise<boolean> {
  const open = await db.query(`select 1 from backhaul.lookups where kind = 'character' and asked > answered limit 1`)
  return open.length === 0
}
