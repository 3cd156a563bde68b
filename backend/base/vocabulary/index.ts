/*
 * The words that every entry point shares: states, counts, figures and moments. Language only, so that the pages in a browser
 * and the shapes of the API may use them too.
 */

export * from './bounds'
export * from './counts'
export * from './figures'
export * from './ids'
export * from './logs'
export * from './spans'
export * from './states'
export * from './text'
export * from './waits'
