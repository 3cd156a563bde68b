import { etsy } from './etsy'
import type { PlatformPart } from './platform'
import { printify } from './printify'
import { shopify } from './shopify'
import type { Platform } from './store/records'

export const PLATFORM_PARTS: Readonly<Record<Platform, PlatformPart>> = { etsy, shopify, printify }

/** One kind of part of all platforms. */
export const allOf = <K extends 'settings' | 'apis' | 'credentials' | 'streams'>(kind: K): PlatformPart[K] =>
  Object.assign({}, ...Object.values(PLATFORM_PARTS).map((part) => part[kind]))
