import axios from 'axios';
import * as api from 'axios-tenacity';
import axiosRetry from 'axios-tenacity/axios-retry';
import * as context from 'axios-tenacity/context';
import * as testing from 'axios-tenacity/testing';
import { runSmoke } from './cases.mjs';

await runSmoke({ axios, api, testing, context, axiosRetry });
