import { version } from '../../package.json'

/** The User-Agent of every request. */
export const userAgent = (contact: string): string => `backhaul/${version}${contact ? ` (+${contact})` : ''}`
