import type * as Prom from 'prom-client'

/*
 * The parts of prom-client in use. Its index also loads the metrics of a Node.js process, and with them
 * OpenTelemetry, which is loaded only where traces are configured.
 */
export const Registry = require('prom-client/lib/registry') as typeof Prom.Registry
export const Counter = require('prom-client/lib/counter') as typeof Prom.Counter
export const Gauge = require('prom-client/lib/gauge') as typeof Prom.Gauge
