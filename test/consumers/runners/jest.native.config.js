module.exports = { testMatch: ['**/jest.spec.mjs'], transform: {} };
