import { atproto } from './atproto'
import { eve } from './eve'

/** Every source of the sandbox: a folder and a line here. */
export const SANDBOX_SOURCES = { eve, atproto }
