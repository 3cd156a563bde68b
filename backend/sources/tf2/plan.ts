import type { Plan } from '../../contract'
import { subjectOf, type Tf2Params } from './params'

/** Items of a job that are read at once: they share one limit. */
const ITEMS_AT_ONCE = 4

/** First tasks of a job; the same for the same params. */
export function plan(params: Tf2Params): Plan {
  const activeKey = subjectOf(params)
  if (params.request_type === 'SINGLE_ID') {
    return {
      tasks: [{ stream: 'single_id', key: params.listing_id, lane: params.listing_id, cursor: {} }],
      activeKey,
      estimate: { requests: { 'backpacktf.listing': 1 } },
    }
  }
  const { item_defindex: defindex, item_quality_id: quality, max_inventory_size: filter } = params
  return {
    tasks: [{ stream: 'names', key: `${defindex};${quality}`, cursor: {} }],
    lanesAtOnce: ITEMS_AT_ONCE,
    activeKey,
    estimate: {
      requests: {
        'backpacktf.snapshot': params.item_name === undefined ? null : 1,
        'backpacktf.listing': null,
        ...(params.request_type === 'BUY_ONLY' ? {} : { steam: filter === undefined ? 0 : null }),
      },
      note: noteOf(params.verify_all, filter),
    },
  }
}

const noteOf = (all: boolean, filter: number | undefined): string =>
  [
    'one snapshot for each name of the item',
    all ? 'one request for each listing' : 'one request for each listing that differs from its row',
    ...(filter === undefined ? [] : ['one inventory for each seller']),
  ].join(', ')
