export const debug = {};
