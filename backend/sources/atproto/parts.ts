import { collections } from './streams/collections'
import { INACTIVE } from './streams/discovery'
import { host } from './streams/host'
import { hosts } from './streams/hosts'
import { late } from './streams/late'
import { named } from './streams/named'
import { relay } from './streams/relay'
import { repo } from './streams/repo'

export { plan } from './plan'

export const streams = { collections, relay, hosts, host, named, repo, late }

export const missing = { kinds: [INACTIVE] }
