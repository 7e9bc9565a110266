-- enter: refused where row level security does not bind this role
select semmem.enter(:tenant, :kinds, :ids);

-- enter_by_key: reads by key have one plan, whatever the keys; made anew, it takes a sixth of the reading's time
select semmem.enter(:tenant, :kinds, :ids), set_config('plan_cache_mode', 'force_generic_plan', true);
