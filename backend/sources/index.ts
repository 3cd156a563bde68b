import type { Source } from '../contract'
import { atproto } from './atproto'
import { commerce } from './commerce'
import { eve } from './eve'
import { tf2 } from './tf2'
import { toastmasters } from './toastmasters'

/** The registry: one line a source. Queues, PM2 apps, queue commands and the contract suite derive from it. */
export const sources: readonly Source[] = [eve, atproto, tf2, toastmasters, commerce]
