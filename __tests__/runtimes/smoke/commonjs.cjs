const axios = require('axios');
const api = require('axios-tenacity');
const axiosRetry = require('axios-tenacity/axios-retry');
const context = require('axios-tenacity/context');
const testing = require('axios-tenacity/testing');

void import('./cases.mjs').then(({ runSmoke }) => runSmoke({ axios, api, testing, context, axiosRetry }));
