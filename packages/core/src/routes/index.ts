export { type RouteDefinition, RouteTable, route, routes } from './route-table.js';
