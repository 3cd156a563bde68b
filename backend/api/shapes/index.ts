/*
 * Every shape that goes over the wire, once: bodies and queries are checked by these, answers are written through them,
 * and the OpenAPI document is made of them. A body or query with a field that is not named here is refused.
 */

export * from './access'
export * from './common'
export * from './jobs'
export * from './refusals'
export * from './schedules'
export * from './suite'
export * from './tasks'
export * from './webhooks'
