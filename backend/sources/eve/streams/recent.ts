import type { Io, Stream } from '../../../contract'
import type { Listed } from '../client'
import type { EveParams } from '../params'
import { type Batch, known, write } from '../store'
import { type WalkCursor, walkCursor } from './cursor'
import { nameOf } from './page'
import type { Rules } from './rules'
import { readWalk } from './walk'

const PAGES = 10

/**
 * A killmail may be listed up to 72 hours late, so the first one that is held proves nothing; one that is held and older
 * than that does.
 */
async function meetsOld(page: Listed, io: Io): Promise<boolean> {
  return (await io.known(page.entries.map((entry) => `old:${nameOf(entry)}`))).size > 0
}
const rules: Rules = { pages: PAGES, partitions: false, stop: meetsOld }

/** The latest killmails of a character. */
export const recent: Stream<WalkCursor, Batch, EveParams> = {
  queue: 'zkillboard_character_queue',
  cursor: walkCursor,
  async read(step, io) {
    const page = await readWalk(step, io, rules)
    if (page.next !== null || step.cursor.page < PAGES) return page
    return {
      ...page,
      notes: [`${PAGES} pages were read without finding a stored killmail; queue:character-killmails reads older ones`],
    }
  },
  known,
  write,
}
