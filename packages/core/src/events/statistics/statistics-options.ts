import * as option from '../../options/options.js';

export const STATISTICS = option.table('StatisticsOptions', {
  /** How many clients are counted by name. Further ones count together. */
  maxClients: option.withDefault(option.wholeBetween(1, 10_000), 256),
  /** How many operations are counted by name. Further ones count together. */
  maxOperations: option.withDefault(option.wholeBetween(1, 10_000), 1_024),
});

export interface StatisticsOptions extends option.Given<typeof STATISTICS> {}

export interface StatisticsSettings extends option.Kept<typeof STATISTICS> {}

export const statisticsOptions: option.Table<StatisticsSettings, StatisticsOptions> = STATISTICS;
