import { Fatal } from '../../../base/errors'
import { defineStream, type Io, type NewTask, type Page, type Step } from '../../../contract'
import { plainCursor, STREAMS } from '../cursor'
import { aliasesOf, plainName, UNUSUAL } from '../names'
import type { ItemParams } from '../params'
import { type Batch, heldNames, write } from '../store'

/*
 * Finds the names behind a defindex and a quality, each of which is one task: those of rows that are held for the pair or its
 * aliases, and the plain one, which is all there is for an item that is new here.
 */

type NamesStep = Step<unknown, ItemParams>

async function namesOf({ params }: NamesStep, io: Io): Promise<{ names: string[]; notes: string[] }> {
  const { request_type: type, item_defindex: defindex, item_quality_id: quality, item_name: asked } = params
  if (asked !== undefined) return { names: [asked], notes: [] }
  const held = await heldNames(io.held, aliasesOf(defindex), quality)
  const plain = plainName({ defindex, quality })
  if (plain === undefined && held.length === 0) {
    throw new Fatal('unknown_item', `Team Fortress 2 has no item ${defindex} of quality ${quality}, and no listing of one is held`)
  }
  // What an Unusual is called depends on its effect; without one its name is that of nothing that is listed.
  const isPlainWanted = plain !== undefined && (held.length === 0 || (type === 'FULL' && quality !== UNUSUAL))
  const names = [...new Set(isPlainWanted ? [...held, plain as string] : held)].sort()
  const isBlind = quality === UNUSUAL && held.length === 0
  return {
    names,
    notes: isBlind ? [`No listing of an Unusual ${defindex} is held, so its effects are unknown: name one by item_name to read it.`] : [],
  }
}

export const names = defineStream<unknown, Batch, ItemParams>({
  queue: 'backpack-tf-backfill-requests',
  cursor: plainCursor,
  async read(step, io): Promise<Page<unknown, Batch>> {
    const { names: found, notes } = await namesOf(step, io)
    const began = Date.now()
    const tasks = found.map(
      (name): NewTask => ({ stream: STREAMS[step.params.request_type], key: name, lane: name, cursor: { began, kept: {} } }),
    )
    return { batch: { statements: [], began: null }, next: null, tasks, notes }
  },
  write,
})
