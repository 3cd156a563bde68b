import { atproto } from './atproto'
import { commerce } from './commerce'
import { eve } from './eve'
import { tf2 } from './tf2'
import { toastmasters } from './toastmasters'

/** Every source of the sandbox: a folder and a line here. */
export const SANDBOX_SOURCES = { eve, atproto, tf2, toastmasters, commerce }
