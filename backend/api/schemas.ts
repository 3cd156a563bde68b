/*
 * Every shape that goes over the wire, once: bodies and queries are checked by these, answers are written through them,
 * and the OpenAPI document is made of them. A body or query with a field that is not named here is refused.
 */

export * from './shapes/access'
export * from './shapes/common'
export * from './shapes/jobs'
export * from './shapes/refusals'
export * from './shapes/schedules'
export * from './shapes/suite'
export * from './shapes/tasks'
export * from './shapes/webhooks'
