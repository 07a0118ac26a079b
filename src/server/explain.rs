//! Why, over HTTP: slow, for people, and only where it is switched on.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use super::point::{Asked, Point, What};
use crate::cli::requests::clock;
use crate::compiler::analysis::explain::explain;
use crate::compiler::bundle::model_of;
use crate::compiler::model::Model;
use crate::compiler::request::{ContextValue, Request, Session};
use crate::live::Loaded;
use crate::runtime::{Context as _, Values};

/// One explanation at a time, from the policies of the bundle in force, which are decoded once for each bundle.
pub(super) struct Explainer {
    turn: Arc<Semaphore>,
    model: Mutex<Option<(String, Arc<Model>)>>,
}

impl Default for Explainer {
    fn default() -> Self {
        Self { turn: Arc::new(Semaphore::new(1)), model: Mutex::default() }
    }
}

/// Explains; the text of a JSON object, or the reason why not with a message.
pub(super) async fn answer(point: &Arc<Point>, asked: Asked) -> Result<String, (&'static str, String)> {
    let internal = |message: &str| ("internal", message.to_owned());
    let loaded = point.live.in_force().map_err(|unready| (unready.name(), unready.to_string()))?;
    let turn = Arc::clone(&point.explaining.turn).acquire_owned().await;
    let turn = turn.map_err(|_| internal("the process ends"))?;
    let point = Arc::clone(point);
    let work = move || {
        // Held by the work: whoever asked may be gone long before it ends.
        let _turn = turn;
        work(&point.explaining, &loaded, asked)
    };
    tokio::task::spawn_blocking(work).await.map_err(|_| internal("the explanation failed"))?
}

fn work(explainer: &Explainer, loaded: &Loaded, asked: Asked) -> Result<String, (&'static str, String)> {
    let model = {
        let mut held = explainer.model.lock().unwrap_or_else(PoisonError::into_inner);
        match held.as_ref().filter(|(digest, _)| digest == loaded.digest()) {
            Some((_, model)) => Arc::clone(model),
            None => {
                let model = model_of(loaded.bundle()).map_err(|error| ("no_model", error.to_string()))?;
                let model = Arc::new(model);
                *held = Some((loaded.digest().to_owned(), Arc::clone(&model)));
                model
            }
        }
    };
    let (action, resource) = match asked.what {
        What::Direct { action, resource } => (action, resource),
        What::Route { method, target } => {
            let mut resource = String::new();
            let routed = loaded.bundle().route_into(&method, &target, &mut resource);
            let routed = routed.map_err(|error| (error.name(), error.to_string()))?;
            (routed.action_name().to_owned(), resource)
        }
    };
    let context = asked.keys.iter().filter_map(|key| {
        let value = match asked.context.get(&key.to_ascii_lowercase())? {
            Values::One(value) => ContextValue::One(value.to_owned()),
            Values::Many(values) => ContextValue::Many(values.to_vec()),
            _ => return None,
        };
        Some((key.clone(), value))
    });
    let request = Request {
        principal: asked.principal,
        action,
        resource,
        resource_account: asked.resource_account,
        context: context.collect(),
        now: clock(),
        context_complete: false,
        session: Some(Session::default()),
    };
    let explanation = explain(&model, &request, &[]);
    Ok(format!("{}\n", crate::render::explain::json(&explanation, &request)))
}
