import { join } from 'node:path'
import { hasPostgres } from './postgres'
import { hasRabbitmq } from './rabbitmq'
import { findBinary } from './run'

/*
 * Stories that stop, kill or wipe a service start one of their own, which needs its server commands on this machine.
 * Where the services are elsewhere or in containers these stories are skipped, and the closing lines count them. So are
 * those of a message larger than 16 MiB, which RabbitMQ 4 takes only if told.
 */

const when = (isThere: boolean): jest.It => (isThere ? test : test.skip)

export const withBroker = when(hasRabbitmq())
export const withPostgres = when(hasPostgres())
export const withServices = when(hasRabbitmq() && hasPostgres())

/** Prometheus' own checker, from `PATH` or where scripts/test has put it. */
export const promtool = findBinary('promtool', [join(__dirname, '..', '..', '.backhaul', 'tools')])
export const withPromtool = when(promtool !== undefined)

/** For the commands that the README shows; a bare Debian comes without it. */
export const withCurl = when(findBinary('curl', []) !== undefined)
